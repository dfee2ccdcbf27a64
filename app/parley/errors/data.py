"""What concerns the data on disk, what was asked for, and Parley itself."""

from parley.errors.base import ChatError


class StoreError(ChatError):
    """The data on disk cannot be used as it is."""

    code = "store_error"
    sentence = "The conversations in {path} cannot be opened."


class StoreUnreadable(StoreError):
    """The file is no SQLite database, or a damaged one. It is never replaced."""

    code = "store_unreadable"
    sentence = (
        "The file {path} is damaged or is no Parley database. It has been left as it is. "
        "Restore a backup with “parley restore FILE”, or move the file away to start afresh."
    )


class StoreNewer(StoreError):
    """A newer Parley has written the file."""

    code = "store_newer"
    sentence = (
        "The file {path} was written by a newer Parley. It has been left as it is. "
        "Update Parley, or restore an older backup with “parley restore FILE”."
    )


class StoreReadOnly(StoreError):
    """The data folder cannot be written to."""

    code = "store_read_only"
    sentence = (
        "Parley cannot write to its data folder {path}. Check its permissions, or choose another with --data-dir."
    )


class StoreFull(StoreError):
    """The disk is full."""

    code = "store_full"
    sentence = "The disk is full. Free some space, then try again; nothing that was saved is lost."


class DiskLow(StoreFull):
    """The last of the disk is the owner's."""

    code = "disk_low"
    sentence = (
        "There is hardly any room left on the disk of this computer, and that is kept for its owner. "
        "Nothing that was saved is lost."
    )


class StoreOnNetwork(StoreError):
    """SQLite's write-ahead log needs a local disk."""

    code = "store_on_network"
    sentence = (
        "The data folder {path} is on a network share ({kind}), where a database can be damaged. "
        "Choose a folder on a local disk with --data-dir."
    )


class DataFolderGone(StoreError):
    """The data was moved to a folder that is not there now: its disk is not connected, or it was removed."""

    code = "data_folder_gone"
    sentence = (
        "The data is in {path}, which is not there. Connect the disk that it is on, then start again. "
        "To go back to the folder of before, remove the file {pointer}."
    )


class StoreBusy(StoreError):
    """Another program has held the database for longer than we wait."""

    code = "store_busy"
    sentence = "Another program is holding the database {path}. Close it, then try again."


class ConversationUnknown(ChatError):
    """No conversation of that id."""

    code = "conversation_unknown"
    sentence = "There is no conversation “{conversation}”."


class ConversationForeign(ChatError):
    """The conversation is another account's. Only where an API demands it is that told."""

    code = "conversation_foreign"
    sentence = "Conversation does not belong to the authenticated user."


class MessageUnknown(ChatError):
    """No message of that id."""

    code = "message_unknown"
    sentence = "There is no message “{message}”."


class MessageStreaming(ChatError):
    """The message is still being written, and cannot be changed meanwhile."""

    code = "message_streaming"
    sentence = "The answer is still being written. Stop it first."


class FolderUnknown(ChatError):
    """No folder of that id."""

    code = "folder_unknown"
    sentence = "There is no folder “{folder}”."


class FolderNameless(ChatError):
    """A folder needs a name."""

    code = "folder_nameless"
    sentence = "A folder needs a name."


class FileUnknown(ChatError):
    """No file of that id."""

    code = "file_unknown"
    sentence = "There is no file “{file}”."


class FilesFull(ChatError):
    """An account's files take up as much as they may."""

    code = "files_full"
    sentence = (
        "Your files would take up more than {megabytes} MB. Remove some, or ask the owner of this computer for more."
    )


class PromptEmpty(ChatError):
    """There is nothing to send."""

    code = "prompt_empty"
    sentence = "There is nothing to send."


class SettingUnknown(ChatError):
    """No setting of that name."""

    code = "setting_unknown"
    sentence = "There is no setting “{key}”. “parley settings list” shows them all."


class SettingInvalid(ChatError):
    """A value that the setting does not take."""

    code = "setting_invalid"
    sentence = "“{value}” is no value for {key}: {expected}."


class SettingsUnreadable(ChatError):
    """The settings file is damaged. It is left as it is."""

    code = "settings_unreadable"
    sentence = "The settings file {path} cannot be read. Mend it, or move it away to start with the defaults."


class KeysUnreadable(ChatError):
    """The file of provider keys is damaged, or cannot be kept from others. It is left as it is."""

    code = "keys_unreadable"
    sentence = "The file of keys {path} cannot be used. Mend it, or move it away and enter your keys again."


class AddressTaken(ChatError):
    """The server's port is in use."""

    code = "address_taken"
    sentence = "Port {port} on {host} is in use by another program. Choose another one."


class FileProblem(ChatError):
    """A file that the user named cannot be read or written."""

    code = "file_problem"
    sentence = "{path}: {problem}."


class InternalError(ChatError):
    """A bug of ours, in a place where something must be shown. The log has the traceback."""

    code = "internal"
    sentence = "Parley made a mistake of its own. The log has the details."
