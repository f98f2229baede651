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
        return {(epoch.decode(), seq): bytes(payload) for epoch, seq, payload in self._rows("SELECT epoch, seq, payload FROM records")}

    def alerts(self):
        """(alert, recipient) -> the newest state, as an object."""
        return {(alert.decode(), to.decode()): json.loads(payload)
                for alert, to, payload in self._rows("SELECT alert, recipient, payload FROM alerts")}

    def repeats(self):
        rows = self._rows("SELECT value FROM totals WHERE name = 'repeats'")
        return int(rows[0][0]) if rows else 0
