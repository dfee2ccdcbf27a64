"""The sentences of all errors, by their codes, for translators: the same as those of `errors`, with their fields."""

from collections.abc import Mapping

from PySide6.QtCore import QT_TRANSLATE_NOOP

SENTENCES: Mapping[str, object] = {
    "error": QT_TRANSLATE_NOOP("ErrorTexts", "Something went wrong."),
    "provider_error": QT_TRANSLATE_NOOP("ErrorTexts", "{provider} could not answer."),
    "provider_unreachable": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "{provider} cannot be reached at {address}. Check that it is running and that the address is right.",
    ),
    "address_wrong": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "Something answers at {address}, but not as {provider} should. Check the address, its path above all.",
    ),
    "no_network": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "The address {address} of {provider} cannot be found. Check that this computer is online.",
    ),
    "page_instead": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "A web page answered instead of {provider}. If your network wants you to log in, open a browser and do "
        "that. Otherwise check the address {address}.",
    ),
    "connect_timeout": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "{provider} does not answer at {address}. Check that this computer is online, that the other one is "
        "running, and that no firewall is in the way.",
    ),
    "proxy_failed": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "The proxy {proxy} on the way to {provider} does not let the request through. Check it in the settings, or "
        "in the environment.",
    ),
    "proxy_login_needed": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "The proxy {proxy} on the way to {provider} wants a user name and a password. Give them in the settings, or "
        "in the environment.",
    ),
    "authorities_unreadable": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "The file of certificates to trust cannot be read, so nothing was sent to {provider}. Check it in the "
        "settings, or in SSL_CERT_FILE.",
    ),
    "certificate_bad": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "The certificate of {address} is not trusted, so nothing was sent.",
    ),
    "certificate_expired": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "The certificate of {address} is not valid at this date, so nothing was sent. Check the date and the time "
        "of this computer; if they are right, only whoever runs the server can help.",
    ),
    "certificate_unknown": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "The certificate of {address} was signed by nobody that this computer knows, so nothing was sent. If your "
        "network has a certificate authority of its own, name its file in the settings, or in SSL_CERT_FILE.",
    ),
    "certificate_foreign": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "The certificate that came from {address} is for another name, so nothing was sent. Check the address. If "
        "your network wants you to log in, open a browser and do that.",
    ),
    "provider_timeout": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "{provider} has said nothing for {seconds:g} seconds. It may be busy or loading the model.",
    ),
    "provider_failed": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "{provider} had an error of its own ({status}). Trying again may help.",
    ),
    "overloaded": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "{provider} is overloaded just now ({status}). Try again in a while, or choose another model.",
    ),
    "model_stopped": QT_TRANSLATE_NOOP(
        "ErrorTexts", "The program that runs {model} stopped. Try again; if it stops anew, choose a smaller model."
    ),
    "model_too_large": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "{model} needs more memory than is free. Close other programs, choose a smaller model, or start a new chat.",
    ),
    "pull_failed": QT_TRANSLATE_NOOP(
        "ErrorTexts", "{model} could not be fetched. What has come is kept: go on when {provider} is online."
    ),
    "disk_short": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "There is no room for {model} on the disk of {provider}. Free some, then go on: what has come is kept.",
    ),
    "server_outdated": QT_TRANSLATE_NOOP(
        "ErrorTexts", "{model} needs a newer version of {provider}. Update it from its website, then try again."
    ),
    "answer_broken": QT_TRANSLATE_NOOP("ErrorTexts", "The answer from {provider} broke off. What had come is kept."),
    "connection_lost": QT_TRANSLATE_NOOP(
        "ErrorTexts", "The connection to {provider} broke off. What had come is kept."
    ),
    "connection_lost_asleep": QT_TRANSLATE_NOOP(
        "ErrorTexts", "The connection to {provider} was lost while the computer slept. What had come is kept."
    ),
    "answer_empty": QT_TRANSLATE_NOOP("ErrorTexts", "{provider} finished without an answer."),
    "answer_withheld": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "{provider} withheld its answer because of its safety rules. Put the question another way.",
    ),
    "request_refused": QT_TRANSLATE_NOOP("ErrorTexts", "{provider} refused the request ({status})."),
    "request_too_large": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "This is more than {provider} takes at once. Send fewer or smaller images, or start a new chat.",
    ),
    "access_blocked": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "The way to {provider} is blocked ({status}), by your network or by a guard before their servers. Try again "
        "without VPN, or from another network.",
    ),
    "region_refused": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "{provider} does not serve this where you are, or may not by law. Choose another provider.",
    ),
    "prompt_too_long": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "This is more text than {model} can take in. Shorten it, or start a new chat.",
    ),
    "key_missing": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "{provider} needs a key. Give it in the settings, or set it in the environment.",
    ),
    "keychain_unusable": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "The key of {provider} is in the keychain of this computer, which cannot be used now. Unlock it and try "
        "again, or give the key anew in the settings.",
    ),
    "key_refused": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "Your key was refused by {provider}. Check it where you set it: in the settings, or in the environment.",
    ),
    "rate_limited": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "{provider} takes no more requests for now. Wait a little, then try again.",
    ),
    "no_credit": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "Your account with {provider} has no credit left, or has reached its limit. Look at it on their site.",
    ),
    "model_unknown": QT_TRANSLATE_NOOP("ErrorTexts", "There is no model named “{model}”. Choose another one."),
    "model_retired": QT_TRANSLATE_NOOP(
        "ErrorTexts", "The model “{model}” is no longer in service. Choose another one."
    ),
    "model_absent": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "“{model}” is not on the server. Get it in the settings under Models, or choose another one.",
    ),
    "no_embeddings": QT_TRANSLATE_NOOP(
        "ErrorTexts", "{model} makes no vectors of texts. Choose a model for embeddings."
    ),
    "model_ambiguous": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "“{model}” is offered by more than one provider. Say which: {choices}.",
    ),
    "budget_spent": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "This month’s budget of ${budget} is spent. Raise it in the settings, or choose a model that is free.",
    ),
    "no_model": QT_TRANSLATE_NOOP("ErrorTexts", "No model is chosen. Choose one, or set a default model."),
    "provider_unknown": QT_TRANSLATE_NOOP("ErrorTexts", "There is no provider named “{provider}”."),
    "store_error": QT_TRANSLATE_NOOP("ErrorTexts", "The conversations in {path} cannot be opened."),
    "store_unreadable": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "The file {path} is damaged or is no Parley database. It has been left as it is. Restore a "
        "backup with “parley restore FILE”, or move the file away to start afresh.",
    ),
    "store_newer": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "The file {path} was written by a newer Parley. It has been left as it is. Update Parley, or "
        "restore an older backup with “parley restore FILE”.",
    ),
    "store_read_only": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "Parley cannot write to its data folder {path}. Check its permissions, or choose another with --data-dir.",
    ),
    "store_full": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "The disk is full. Free some space, then try again; nothing that was saved is lost.",
    ),
    "disk_low": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "There is hardly any room left on the disk of this computer, and that is kept for its owner. "
        "Nothing that was saved is lost.",
    ),
    "store_on_network": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "The data folder {path} is on a network share ({kind}), where a database can be damaged. Choose "
        "a folder on a local disk with --data-dir.",
    ),
    "data_folder_gone": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "The data is in {path}, which is not there. Connect the disk that it is on, then start again. "
        "To go back to the folder of before, remove the file {pointer}.",
    ),
    "store_busy": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "Another program is holding the database {path}. Close it, then try again.",
    ),
    "conversation_foreign": QT_TRANSLATE_NOOP("ErrorTexts", "Conversation does not belong to the authenticated user."),
    "conversation_unknown": QT_TRANSLATE_NOOP("ErrorTexts", "There is no conversation “{conversation}”."),
    "message_unknown": QT_TRANSLATE_NOOP("ErrorTexts", "There is no message “{message}”."),
    "message_streaming": QT_TRANSLATE_NOOP("ErrorTexts", "The answer is still being written. Stop it first."),
    "prompt_empty": QT_TRANSLATE_NOOP("ErrorTexts", "There is nothing to send."),
    "keys_unreadable": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "The file of keys {path} cannot be used. Mend it, or move it away and enter your keys again.",
    ),
    "setting_unknown": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "There is no setting “{key}”. “parley settings list” shows them all.",
    ),
    "setting_invalid": QT_TRANSLATE_NOOP("ErrorTexts", "“{value}” is no value for {key}: {expected}."),
    "settings_unreadable": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "The settings file {path} cannot be read. Mend it, or move it away to start with the defaults.",
    ),
    "address_taken": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "Port {port} on {host} is in use by another program. Choose another one.",
    ),
    "account_unknown": QT_TRANSLATE_NOOP("ErrorTexts", "There is no account “{account}”."),
    "account_exists": QT_TRANSLATE_NOOP("ErrorTexts", "There is an account with the e-mail address {email} already."),
    "account_disabled": QT_TRANSLATE_NOOP(
        "ErrorTexts", "This account has been switched off by the owner of this computer."
    ),
    "email_invalid": QT_TRANSLATE_NOOP("ErrorTexts", "“{email}” is no e-mail address."),
    "password_invalid": QT_TRANSLATE_NOOP(
        "ErrorTexts", "A password is one line of at least one letter and at most {most} bytes."
    ),
    "owner_stays": QT_TRANSLATE_NOOP(
        "ErrorTexts", "The owner’s account cannot be removed, switched off or restricted."
    ),
    "login_wrong": QT_TRANSLATE_NOOP("ErrorTexts", "The e-mail address or the password is wrong."),
    "login_delayed": QT_TRANSLATE_NOOP("ErrorTexts", "Too many logins have failed. Try again in {seconds} seconds."),
    "token_refused": QT_TRANSLATE_NOOP("ErrorTexts", "This token is not valid."),
    "token_unknown": QT_TRANSLATE_NOOP("ErrorTexts", "There is no token “{token}”."),
    "admin_refused": QT_TRANSLATE_NOOP("ErrorTexts", "{account} is no admin, and cannot have an admin’s token."),
    "model_forbidden": QT_TRANSLATE_NOOP(
        "ErrorTexts", "You may not use the model “{model}”. Ask the owner of this computer, or choose another one."
    ),
    "tokens_spent": QT_TRANSLATE_NOOP(
        "ErrorTexts", "Your {budget} tokens of this month are spent. Ask the owner of this computer for more."
    ),
    "assistant_unknown": QT_TRANSLATE_NOOP("ErrorTexts", "There is no assistant “{assistant}”."),
    "assistant_exists": QT_TRANSLATE_NOOP("ErrorTexts", "There is an assistant named “{assistant}” already."),
    "assistant_nameless": QT_TRANSLATE_NOOP(
        "ErrorTexts", "An assistant needs a name with at least one letter or digit."
    ),
    "mood_unknown": QT_TRANSLATE_NOOP("ErrorTexts", "There is no mood “{mood}”. Choose one of {moods}."),
    "folder_unknown": QT_TRANSLATE_NOOP("ErrorTexts", "There is no folder “{folder}”."),
    "folder_nameless": QT_TRANSLATE_NOOP("ErrorTexts", "A folder needs a name."),
    "file_unknown": QT_TRANSLATE_NOOP("ErrorTexts", "There is no file “{file}”."),
    "files_full": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "Your files would take up more than {megabytes} MB. Remove some, or ask the owner of this computer for more.",
    ),
    "file_problem": QT_TRANSLATE_NOOP("ErrorTexts", "{path}: {problem}."),
    "internal": QT_TRANSLATE_NOOP("ErrorTexts", "Parley made a mistake of its own. The log has the details."),
    "request_invalid": QT_TRANSLATE_NOOP("ErrorTexts", "This request cannot be read: {problem}."),
    "body_unreadable": QT_TRANSLATE_NOOP("ErrorTexts", "This request cannot be read: {problem}."),
    "route_unknown": QT_TRANSLATE_NOOP("ErrorTexts", "There is nothing at {path}."),
    "method_refused": QT_TRANSLATE_NOOP("ErrorTexts", "{path} does not take {method}."),
    "credential_missing": QT_TRANSLATE_NOOP(
        "ErrorTexts", "A token is needed: send it as “Authorization: Bearer …” or as “x-api-key”."
    ),
    "admin_needed": QT_TRANSLATE_NOOP("ErrorTexts", "This needs an admin's token."),
    "origin_refused": QT_TRANSLATE_NOOP(
        "ErrorTexts", "Pages of {origin} may not ask this server. Its owner can allow them."
    ),
    "host_refused": QT_TRANSLATE_NOOP(
        "ErrorTexts", "This server does not answer to the name {host}. Its owner can add it."
    ),
    "too_many_requests": QT_TRANSLATE_NOOP("ErrorTexts", "Too many requests. Try again in {seconds} seconds."),
    "body_too_large": QT_TRANSLATE_NOOP("ErrorTexts", "This is too large: at most {megabytes} MB are taken."),
    "body_slow": QT_TRANSLATE_NOOP("ErrorTexts", "The request did not come whole within {seconds} seconds."),
    "server_busy": QT_TRANSLATE_NOOP(
        "ErrorTexts", "This server has too much to do just now. Try again in {seconds} seconds."
    ),
    "credentials_required": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "No provider that you may use is set up. Its owner can add one, or its key, in the settings of Parley.",
    ),
    "idempotency_key_reused": QT_TRANSLATE_NOOP(
        "ErrorTexts", "The Idempotency-Key “{key}” was sent with another request before."
    ),
    "idempotency_key_in_use": QT_TRANSLATE_NOOP(
        "ErrorTexts", "A request with the Idempotency-Key “{key}” is being answered. Try again in a moment."
    ),
    "sessions_full": QT_TRANSLATE_NOOP("ErrorTexts", "All {sessions} sessions of this server are in use."),
    "answers_full": QT_TRANSLATE_NOOP("ErrorTexts", "At most {answers} answers can come at once."),
    "server_ending": QT_TRANSLATE_NOOP("ErrorTexts", "This server is ending."),
    "library_closed": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "The models of this computer cannot be changed over the network. Its owner does that in the settings.",
    ),
    "lan_refused": QT_TRANSLATE_NOOP(
        "ErrorTexts", "The local network cannot be served without keys: turn “Ask for a key” on first."
    ),
    "server_off": QT_TRANSLATE_NOOP("ErrorTexts", "Turn the server on first."),
    "encryption_needed": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "On the network this server takes encrypted connections only: begin its address with https://.",
    ),
    "pairing_refused": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "This code is not valid, or not any more. Have a new one shown on the computer that runs Parley.",
    ),
    "certificates_unusable": QT_TRANSLATE_NOOP(
        "ErrorTexts",
        "The certificates in {path} cannot be used. Put them back from a backup, or move that folder away: "
        "then new ones are made, which every device has to be given anew.",
    ),
    "awake_refused": QT_TRANSLATE_NOOP(
        "ErrorTexts", "This computer cannot be kept awake from here: set that in the system's settings."
    ),
    "announce_failed": QT_TRANSLATE_NOOP(
        "ErrorTexts", "This server could not be announced on the network; its address works all the same."
    ),
}
