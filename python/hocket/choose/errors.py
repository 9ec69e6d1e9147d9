"""What can go wrong, as the caller sees it."""


class InputError(ValueError):
    """The workload or an option cannot be used. The message says why; the command exits with status 2."""


class ModelFailed(Exception):
    """One model cannot run this workload, or stopped doing so. Other models may still work.

    `kind` is `raised`, `unpicklable`, `timeout`, `differs` or `died`.
    """

    def __init__(self, kind, message):
        super().__init__(message)
        self.kind = kind
