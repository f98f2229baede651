"""Card frames as a reader sends them: the two parity bits around the data (H10301 and its 34-bit sibling)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Frame:
    """Bits in the order of arrival."""

    bits: str

    @property
    def number(self):
        """As `menshen cards add --number` takes it: "26:2F623AE"."""
        digits = (len(self.bits) + 3) // 4
        return f"{len(self.bits)}:{int(self.bits, 2):0{digits}X}"

    def with_flipped(self, index):
        """One bit disturbed on the wire."""
        flipped = "1" if self.bits[index] == "0" else "0"
        return Frame(self.bits[:index] + flipped + self.bits[index + 1:])


def _with_parity(data):
    half = len(data) // 2
    even = data[:half].count("1") % 2
    odd = 1 - data[half:].count("1") % 2
    return Frame(f"{even}{data}{odd}")


def frame26(facility, card):
    """H10301: 8 bits of facility, 16 bits of card."""
    return _with_parity(f"{facility:08b}{card:016b}")


def frame34(uid):
    """34 bits around a 32-bit number, as readers of MIFARE cards send it."""
    return _with_parity(f"{uid:032b}")
