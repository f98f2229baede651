"""The site of the demo on disk: gate.yaml, the rules (the shipped ones, filled in), the master key."""

import os
import re
import secrets

GRID, POLICE = "grid-3", "police-desk"

GATE = """\
site: tianlin-12
gate: gate-3
zone: Asia/Shanghai

mqtt: {{host: 127.0.0.1, port: {port}, delivery: platform, retry: {{min: 100ms, max: 500ms}}}}

devices:
  front-in: {{driver: wiegand, source: simulated, formats: [H10301, UID34]}}
  front-out: {{driver: wiegand, source: simulated, formats: [H10301, UID34]}}
  front-camera: {{driver: picture_camera}}
  front-lock: {{driver: simulated, lock: true}}
  front-contact: {{driver: simulated, lines: contact}}
  front-exit: {{driver: simulated, lines: exit_button}}
  fire-panel: {{driver: simulated, lines: fire}}

doors:
  front:
    name: {{zh: 大门, en: Front door}}
    mode: card_or_face
    readers: {{in: [front-in, front-camera], out: [front-out]}}
    lock: front-lock
    contact: front-contact
    exit_button: front-exit
    fire: fire-panel
    unlock: 5s
    held_after: 30s

# Three persons with three photographs each: at 1 % the shipped table was measured for as many, so a face alone may open.
faces: {{target_fpir: 1%}}

rules: {{files: [rules.d]}}
recipients: [{grid}, {police}]
privacy: {{names_in_alerts: [household, person]}}
control: {{socket: {control}}}
"""

# What an integrator fills in before a shipped rule may run.
RECIPIENTS = {"elderly-silence": GRID, "card-overuse": POLICE, "repeated-stranger": POLICE, "door-held-open": GRID}


def adapt_rule(name, text):
    """The shipped rule with its recipient and, where one is asked for, the legal basis filled in."""
    text = re.sub(r"(?m)^(\s*to:\s*)\[[^\]]*\]", rf"\g<1>[{RECIPIENTS[name]}]", text)
    return re.sub(r"(?m)^(\s*)#?\s*legal_basis:.*$", r"\1legal_basis: demo with public-domain photographs, no person is watched", text)


def without_camera(gate):
    """The same gate for cards alone."""
    gate = re.sub(r"(?m)^  front-camera: .*\n|^faces: .*\n", "", gate)
    return gate.replace(", front-camera]", "]").replace("mode: card_or_face", "mode: card")


def write_site(folder, library, port, camera=True):
    """Writes all files and returns the paths that menshend is started with."""
    os.makedirs(os.path.join(folder, "rules.d"), exist_ok=True)
    os.makedirs(os.path.join(folder, "data"), mode=0o700, exist_ok=True)
    paths = {name: os.path.join(folder, file) for name, file in
             (("config", "gate.yaml"), ("data", "data"), ("key", "menshen.key"), ("stage", "stage.sock"), ("control", "control.sock"))}
    gate = GATE.format(port=port, grid=GRID, police=POLICE, control=paths["control"])
    with open(paths["config"], "w", encoding="utf-8") as file:
        file.write(gate if camera else without_camera(gate))
    for name in RECIPIENTS:
        with open(os.path.join(library, name + ".yaml"), encoding="utf-8") as shipped:
            text = adapt_rule(name, shipped.read())
        with open(os.path.join(folder, "rules.d", name + ".yaml"), "w", encoding="utf-8") as file:
            file.write(text)
    if not os.path.exists(paths["key"]):
        with open(os.open(paths["key"], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
    return paths
