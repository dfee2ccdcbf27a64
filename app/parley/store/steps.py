"""The steps that lead to the schema. A new file takes them all.

A new column or table is one function at the end, and one test of the step. A step that has been released is never
changed.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

Step = Callable[["Database"], None]

APPLICATION_ID = 0x5061726C
"""Marks the file as ours: “Parl”."""

PREFIXES = (3, 4, 5)
"""How long the beginnings of words are that `message_words` has an index of."""


def m001_conversations(db: "Database") -> None:
    """Accounts, conversations, messages, the index of their words, and the news of what changed."""
    for statement in _CONVERSATIONS.split(";;"):
        db.execute(statement)
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")


_CONVERSATIONS = """
CREATE TABLE accounts(
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  updated_at REAL NOT NULL
);;
INSERT INTO accounts(number, id, updated_at) VALUES (1, 'owner', strftime('%s', 'now') + 0.0);;

CREATE TABLE conversations(
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  account_id TEXT NOT NULL REFERENCES accounts(id),
  title TEXT NOT NULL,
  text TEXT NOT NULL,
  channel TEXT NOT NULL,
  model TEXT NOT NULL,
  leaf_id TEXT,
  pinned INTEGER NOT NULL,
  created_at REAL NOT NULL,
  active_at REAL NOT NULL,
  updated_at REAL NOT NULL,
  deleted_at REAL,
  instruction TEXT NOT NULL
);;
CREATE INDEX conversations_listed ON conversations(account_id, pinned, active_at, id) WHERE deleted_at IS NULL;;
CREATE INDEX conversations_deleted ON conversations(deleted_at) WHERE deleted_at IS NOT NULL;;

CREATE TABLE messages(
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  conversation_id TEXT NOT NULL REFERENCES conversations(id) ON DELETE CASCADE,
  parent_id TEXT,
  role TEXT NOT NULL,
  status TEXT NOT NULL,
  writer TEXT,
  model TEXT NOT NULL,
  usage TEXT,
  failure TEXT,
  created_at REAL NOT NULL,
  updated_at REAL NOT NULL,
  parts TEXT NOT NULL,
  text TEXT NOT NULL
);;
CREATE INDEX messages_of_conversation ON messages(conversation_id, seq);;
CREATE INDEX messages_streaming ON messages(conversation_id, writer) WHERE status = 'streaming';;

CREATE VIEW finished_messages AS SELECT seq, text FROM messages WHERE status <> 'streaming';;
CREATE VIRTUAL TABLE message_words USING fts5(
  text, content = 'finished_messages', content_rowid = 'seq',
  tokenize = 'unicode61 remove_diacritics 2', prefix = '3 4 5'
);;
CREATE TRIGGER message_added AFTER INSERT ON messages WHEN new.status <> 'streaming' BEGIN
  INSERT INTO message_words(rowid, text) VALUES (new.seq, new.text);
END;;
CREATE TRIGGER message_finished AFTER UPDATE OF status ON messages
WHEN old.status = 'streaming' AND new.status <> 'streaming' BEGIN
  INSERT INTO message_words(rowid, text) VALUES (new.seq, new.text);
END;;
CREATE TRIGGER message_resumed AFTER UPDATE OF status ON messages
WHEN old.status <> 'streaming' AND new.status = 'streaming' BEGIN
  INSERT INTO message_words(message_words, rowid, text) VALUES ('delete', old.seq, old.text);
END;;
CREATE TRIGGER message_edited AFTER UPDATE OF text ON messages
WHEN old.status <> 'streaming' AND new.status <> 'streaming' AND old.text <> new.text BEGIN
  INSERT INTO message_words(message_words, rowid, text) VALUES ('delete', old.seq, old.text);
  INSERT INTO message_words(rowid, text) VALUES (new.seq, new.text);
END;;
CREATE TRIGGER message_deleted AFTER DELETE ON messages WHEN old.status <> 'streaming' BEGIN
  INSERT INTO message_words(message_words, rowid, text) VALUES ('delete', old.seq, old.text);
END;;

CREATE VIRTUAL TABLE title_words USING fts5(
  text, content = 'conversations', content_rowid = 'seq',
  tokenize = 'unicode61 remove_diacritics 2', prefix = '1 2 3'
);;
CREATE TRIGGER conversation_added AFTER INSERT ON conversations BEGIN
  INSERT INTO title_words(rowid, text) VALUES (new.seq, new.text);
END;;
CREATE TRIGGER conversation_renamed AFTER UPDATE OF text ON conversations WHEN old.text <> new.text BEGIN
  INSERT INTO title_words(title_words, rowid, text) VALUES ('delete', old.seq, old.text);
  INSERT INTO title_words(rowid, text) VALUES (new.seq, new.text);
END;;
CREATE TRIGGER conversation_deleted AFTER DELETE ON conversations BEGIN
  INSERT INTO title_words(title_words, rowid, text) VALUES ('delete', old.seq, old.text);
END;;

CREATE TABLE changes(
  seq INTEGER PRIMARY KEY,
  noun TEXT NOT NULL,
  id TEXT NOT NULL
)
"""


def m002_drafts_and_trash(db: "Database") -> None:
    """Drafts, single messages in the trash, and texts that are kept once."""
    for statement in _DRAFTS_AND_TRASH.split(";;"):
        db.execute(statement)


_DRAFTS_AND_TRASH = """
ALTER TABLE messages ADD COLUMN deleted_at REAL;;
CREATE INDEX messages_deleted ON messages(conversation_id, deleted_at) WHERE deleted_at IS NOT NULL;;
UPDATE messages SET parts = ''
WHERE status <> 'streaming' AND parts = '[{"kind": "text", "text": ' || json_quote(text) || '}]';;

CREATE TABLE drafts(
  conversation_id TEXT UNIQUE REFERENCES conversations(id) ON DELETE CASCADE,
  text TEXT NOT NULL,
  updated_at REAL NOT NULL
)
"""


def m003_unread(db: "Database") -> None:
    """Conversations whose last answer nobody has looked at."""
    for statement in _UNREAD.split(";;"):
        db.execute(statement)


_UNREAD = """
ALTER TABLE conversations ADD COLUMN unread INTEGER NOT NULL DEFAULT 0;;
CREATE INDEX conversations_unread ON conversations(account_id) WHERE unread = 1 AND deleted_at IS NULL
"""


def m004_parameters(db: "Database") -> None:
    """Temperature and the like, of each conversation."""
    db.execute("ALTER TABLE conversations ADD COLUMN parameters TEXT NOT NULL DEFAULT ''")


def m005_spending(db: "Database") -> None:
    """What answers have cost, by day, account and model."""
    db.execute(_SPENDING)


_SPENDING = """
CREATE TABLE spending(
  day TEXT NOT NULL,
  account_id TEXT NOT NULL,
  model TEXT NOT NULL,
  replies INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cost REAL NOT NULL,
  unpriced INTEGER NOT NULL,
  estimated INTEGER NOT NULL,
  PRIMARY KEY (account_id, day, model)
) WITHOUT ROWID
"""


def m006_accounts(db: "Database") -> None:
    """People besides the owner, what they may use, and the tokens that they ask with."""
    for statement in _ACCOUNTS.split(";;"):
        db.execute(statement)


_ACCOUNTS = """
ALTER TABLE accounts ADD COLUMN email TEXT;;
ALTER TABLE accounts ADD COLUMN name TEXT NOT NULL DEFAULT '';;
ALTER TABLE accounts ADD COLUMN role TEXT NOT NULL DEFAULT 'user';;
ALTER TABLE accounts ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';;
ALTER TABLE accounts ADD COLUMN password TEXT NOT NULL DEFAULT '';;
ALTER TABLE accounts ADD COLUMN permissions TEXT NOT NULL DEFAULT '';;
ALTER TABLE accounts ADD COLUMN created_at REAL NOT NULL DEFAULT 0;;
ALTER TABLE accounts ADD COLUMN disabled INTEGER NOT NULL DEFAULT 0;;
ALTER TABLE accounts ADD COLUMN removed_at REAL;;
CREATE UNIQUE INDEX accounts_email ON accounts(email) WHERE email IS NOT NULL;;
UPDATE accounts SET created_at = updated_at;;
UPDATE accounts SET role = 'admin' WHERE id = 'owner';;

CREATE TABLE tokens(
  number INTEGER PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts(id),
  name TEXT NOT NULL,
  digest BLOB NOT NULL,
  admin INTEGER NOT NULL,
  created_at REAL NOT NULL,
  used_at REAL,
  revoked_at REAL,
  updated_at REAL NOT NULL
);;
CREATE INDEX tokens_of_account ON tokens(account_id)
"""


def m007_assistants(db: "Database") -> None:
    """Assistants, and the assistant and the mood of each conversation."""
    for statement in _ASSISTANTS.split(";;"):
        db.execute(statement)


_ASSISTANTS = """
CREATE TABLE assistants(
  id TEXT PRIMARY KEY,
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  instruction TEXT NOT NULL,
  model TEXT NOT NULL,
  parameters TEXT NOT NULL,
  tools TEXT NOT NULL,
  knowledge TEXT NOT NULL,
  created_at REAL NOT NULL,
  updated_at REAL NOT NULL,
  deleted_at REAL
) WITHOUT ROWID;;
CREATE UNIQUE INDEX assistants_slug ON assistants(slug) WHERE deleted_at IS NULL;;
ALTER TABLE conversations ADD COLUMN assistant_id TEXT REFERENCES assistants(id);;
ALTER TABLE conversations ADD COLUMN mood TEXT NOT NULL DEFAULT ''
"""


def m008_folders(db: "Database") -> None:
    """Folders, an archive, and lists of conversations by their latest messages alone, of one channel too."""
    for statement in _FOLDERS.split(";;"):
        db.execute(statement)


_FOLDERS = """
CREATE TABLE folders(
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts(id),
  name TEXT NOT NULL,
  created_at REAL NOT NULL,
  updated_at REAL NOT NULL
) WITHOUT ROWID;;
CREATE INDEX folders_of_account ON folders(account_id);;
ALTER TABLE conversations ADD COLUMN folder_id TEXT REFERENCES folders(id);;
ALTER TABLE conversations ADD COLUMN archived INTEGER NOT NULL DEFAULT 0;;
CREATE INDEX conversations_in_folder ON conversations(folder_id) WHERE folder_id IS NOT NULL;;
DROP INDEX conversations_listed;;
CREATE INDEX conversations_listed ON conversations(account_id, archived, pinned, active_at, id)
WHERE deleted_at IS NULL;;
CREATE INDEX conversations_recent ON conversations(account_id, active_at, id) WHERE deleted_at IS NULL;;
CREATE INDEX conversations_of_channel ON conversations(account_id, channel, active_at, id) WHERE deleted_at IS NULL
"""


def m009_files(db: "Database") -> None:
    """Files that were uploaded or made; their bytes lie in the folder `files`."""
    for statement in _FILES.split(";;"):
        db.execute(statement)


_FILES = """
CREATE TABLE files(
  id TEXT PRIMARY KEY,
  handle TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  media_type TEXT NOT NULL,
  size INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  created_at REAL NOT NULL,
  account_id TEXT NOT NULL REFERENCES accounts(id),
  origin TEXT NOT NULL,
  conversation_id TEXT REFERENCES conversations(id) ON DELETE SET NULL,
  message_id TEXT,
  used_at REAL NOT NULL,
  updated_at REAL NOT NULL
) WITHOUT ROWID;;
CREATE INDEX files_of_account ON files(account_id, id);;
CREATE INDEX files_of_bytes ON files(sha256);;
CREATE INDEX files_of_conversation ON files(conversation_id) WHERE conversation_id IS NOT NULL;;
CREATE INDEX files_of_message ON files(message_id) WHERE message_id IS NOT NULL;;
CREATE INDEX files_unused ON files(used_at) WHERE conversation_id IS NULL
"""


def m010_preferences_and_idempotency(db: "Database") -> None:
    """What people prefer, what was answered to requests that may come again, and conversations by time."""
    for statement in _PREFERENCES_AND_IDEMPOTENCY.split(";;"):
        db.execute(statement)


_PREFERENCES_AND_IDEMPOTENCY = """
CREATE TABLE preferences(
  account_id TEXT PRIMARY KEY REFERENCES accounts(id),
  chosen TEXT NOT NULL,
  updated_at REAL NOT NULL
) WITHOUT ROWID;;

CREATE TABLE idempotency(
  account_id TEXT NOT NULL REFERENCES accounts(id),
  key TEXT NOT NULL,
  fingerprint BLOB NOT NULL,
  writer TEXT NOT NULL,
  ticked_at REAL NOT NULL,
  created_at REAL NOT NULL,
  begun TEXT,
  status INTEGER,
  media_type TEXT,
  body BLOB,
  UNIQUE (account_id, key)
);;

CREATE INDEX conversations_by_time ON conversations(active_at, id) WHERE deleted_at IS NULL
"""


def m011_shelves(db: "Database") -> None:
    """The order of the desktop's list, in which conversations that were begun from elsewhere stand together."""
    for statement in _SHELVES.split(";;"):
        db.execute(statement)


_SHELVES = """
ALTER TABLE conversations ADD COLUMN shelf INTEGER GENERATED ALWAYS AS
  (CASE WHEN pinned THEN 2 WHEN channel IN ('desktop', 'cli') THEN 0 ELSE 1 END) VIRTUAL;;
CREATE INDEX conversations_shelved ON conversations(account_id, shelf, active_at, id)
WHERE deleted_at IS NULL AND archived = 0
"""


def m012_logins(db: "Database") -> None:
    """Which tokens end with the password. Of those that there are nobody knows it: they stay."""
    db.execute("ALTER TABLE tokens ADD COLUMN by_password INTEGER NOT NULL DEFAULT 0")


STEPS: tuple[Step, ...] = (
    m001_conversations,
    m002_drafts_and_trash,
    m003_unread,
    m004_parameters,
    m005_spending,
    m006_accounts,
    m007_assistants,
    m008_folders,
    m009_files,
    m010_preferences_and_idempotency,
    m011_shelves,
    m012_logins,
)
