"""What goes wrong with a schedule; the messages say what to do, in French."""


class ScheduleError(Exception):
    """A command about the schedule cannot be done."""


class Unreadable(ScheduleError):
    """A file that is no schedule."""
