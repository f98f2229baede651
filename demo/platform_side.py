"""What the platform holds: the SQLite file of `menshen platform consume`, read only."""

import json
import os

from account import read_only


class Platform:
    def __init__(self, path):
        self.path = path

    def _rows(self, query):
        if not os.path.exists(self.path):
            return []
        connection = read_only(self.path)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def records(self):
        """(epoch, seq) -> bytes."""
        return {(epoch.decode(), seq): payload for epoch, seq, payload in self._rows("SELECT epoch, seq, bytes FROM record")}

    def alert_states(self):
        """(alert, recipient, change) -> that state of the alert, as an object."""
        return {(alert.decode(), to.decode(), change): json.loads(payload)
                for alert, to, change, payload in self._rows("SELECT alert, recipient, change, bytes FROM alert")}

    def alerts(self):
        """(alert, recipient) -> the newest state."""
        return {(alert, to): state for (alert, to, _), state in sorted(self.alert_states().items(), key=lambda item: item[0][2])}

    def repeats(self):
        rows = self._rows("SELECT n FROM total WHERE name = 'repeats'")
        return int(rows[0][0]) if rows else 0
