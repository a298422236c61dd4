"""The one exception that carries a message for people."""


class PlatformError(Exception):
    """Something failed that a person can put right.

    The message says what was wrong, where (file, line, column, rule where they apply) and what to do;
    it never holds a value of a person. The command line prints it without a traceback and exits with `exit_code`:
    1 for a step that failed, 2 for wrong use.
    """

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class UsageError(PlatformError):
    """What was typed, or a setting, cannot be understood."""

    def __init__(self, message: str) -> None:
        super().__init__(message, exit_code=2)
