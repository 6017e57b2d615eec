"""The school, the mail server and the processes of the tasks' tests, for longer runs."""

from tests.tasks.conftest import mail_server, processes, world

__all__ = ["mail_server", "processes", "world"]
