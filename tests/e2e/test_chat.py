"""`parley chat` with a real model server."""

import json
import subprocess

import pytest

from tests.e2e.conftest import Parley, interrupt, text_of, wait_for
from tests.peers import replies

MODEL = "tiny/tiny"


def test_the_answer_is_printed_and_found_again(tiny: Parley) -> None:
    done = tiny("chat", "-m", MODEL, "hi there, Parley")
    assert done.stdout == replies.DEFAULT + "\n"
    assert done.stderr == ""

    (hit,) = [hit for hit in tiny.json("search", "--json", "same words") if hit["message_id"]]
    (conversation,) = tiny.json("conversations", "--json")
    assert hit["conversation_id"] == conversation["id"]
    assert "same words" in hit["snippet"]
    assert (conversation["title"], conversation["messages"], conversation["model"]) == ("hi there, Parley", 2, MODEL)

    shown = tiny("show", conversation["id"]).stdout
    assert "hi there, Parley" in shown
    assert replies.DEFAULT in shown
    question, answer = tiny.messages()
    assert (question["role"], question["status"], question["parent_id"]) == ("user", "complete", None)
    assert (answer["role"], answer["status"], answer["parent_id"]) == ("assistant", "complete", question["id"])
    assert text_of(answer) == replies.DEFAULT
    assert answer["usage"]["output_tokens"] > 0


def test_a_bare_model_name_will_do(tiny: Parley) -> None:
    assert tiny("chat", "-m", "tiny", "hi").stdout == replies.DEFAULT + "\n"
    assert tiny.json("conversations", "--json")[0]["model"] == MODEL


def test_the_first_model_found_is_the_default(tiny: Parley) -> None:
    assert tiny("chat", "hi").stdout == replies.DEFAULT + "\n"


def test_what_is_piped_in_is_the_prompt_or_added_to_it(tiny: Parley) -> None:
    tiny("chat", stdin="from the pipe\n")
    tiny("chat", "Explain this:", stdin="some notes\n")
    newest, oldest = tiny.json("conversations", "--json")
    assert text_of(tiny.messages(oldest["id"])[0]) == "from the pipe"
    assert text_of(tiny.messages(newest["id"])[0]) == "Explain this:\n\nsome notes"


def test_a_prompt_of_ten_megabytes_is_kept(tiny: Parley) -> None:
    prompt = "0123456789 word\n" * (10 * 1024 * 1024 // 16)
    line = tiny.fails("chat", "-m", MODEL, stdin=prompt)
    assert "more text than" in line
    assert text_of(tiny.messages()[0]) == prompt.rstrip("\n")
    assert tiny.messages()[1]["status"] == "failed"


def test_json_is_one_object(tiny: Parley) -> None:
    done = tiny("chat", "-m", MODEL, "--json", "/think please")
    answer = json.loads(done.stdout)
    assert set(answer) == {"conversation_id", "message_id", "model", "text", "reasoning", "status", "usage"}
    assert (answer["model"], answer["status"]) == (MODEL, "complete")
    assert answer["text"] == replies.THINK_ANSWER
    assert answer["reasoning"] == replies.THINK_REASONING
    assert tiny.messages(answer["conversation_id"])[1]["id"] == answer["message_id"]


def test_thoughts_are_not_in_the_answer(tiny: Parley) -> None:
    done = tiny("chat", "-m", MODEL, "/think please")
    assert done.stdout == replies.THINK_ANSWER + "\n"
    assert done.stderr == ""


def test_a_conversation_goes_on(tiny: Parley) -> None:
    tiny("chat", "-m", MODEL, "-s", "Be brief.", "one")
    tiny("chat", "--last", "two")
    (conversation,) = tiny.json("conversations", "--json")
    tiny("chat", "-c", conversation["id"][:18], "three")
    shown = tiny.json("show", conversation["id"], "--format", "json")
    assert [text_of(message) for message in shown["messages"]][::2] == ["one", "two", "three"]
    assert shown["instruction"] == "Be brief."
    assert [message["parent_id"] for message in shown["messages"][1:]] == [one["id"] for one in shown["messages"][:-1]]


def test_nothing_is_kept_with_no_store(tiny: Parley) -> None:
    assert tiny("chat", "-m", MODEL, "--no-store", "hi").stdout == replies.DEFAULT + "\n"
    assert tiny.json("conversations", "--json") == []
    answer = json.loads(tiny("chat", "--no-store", "--json", "hi").stdout)
    assert (answer["conversation_id"], answer["message_id"]) == (None, None)


def begin_long_answer(tiny: Parley) -> subprocess.Popen[bytes]:
    """Start an answer without end, and return when some of it has been saved."""
    process = tiny.start("chat", "-m", MODEL, "/long answer")
    assert process.stdout is not None
    assert process.stdout.read(40).startswith(b" tick tock")
    wait_for(lambda: (found := tiny.json("conversations", "--json")) and text_of(tiny.messages(found[0]["id"])[1]))
    return process


def test_what_a_killed_process_had_is_kept_and_marked(tiny: Parley) -> None:
    process = begin_long_answer(tiny)
    assert tiny.messages()[1]["status"] == "streaming"
    process.kill()
    process.wait()
    question, answer = tiny.messages()
    assert (text_of(question), question["status"]) == ("/long answer", "complete")
    assert answer["status"] == "interrupted"
    assert " tick tock" in text_of(answer)
    assert tiny.json("search", "--json", "tick tock")


@pytest.mark.parametrize("signal_name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_stops_the_answer_and_keeps_it(tiny: Parley, signal_name: str) -> None:
    import signal

    number = getattr(signal, signal_name)
    process = begin_long_answer(tiny)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert err == b""
    question, answer = tiny.messages()
    assert answer["status"] == "stopped"
    assert text_of(answer).endswith(out.decode().rstrip("\n")[-20:])
    assert question["status"] == "complete"


def test_two_processes_answer_one_after_the_other(tiny: Parley) -> None:
    first = begin_long_answer(tiny)
    second = tiny.start("chat", "--last", "and now?")
    assert second.stderr is not None
    assert b"is answering in this conversation" in second.stderr.readline()
    assert [message["status"] for message in tiny.messages()] == ["complete", "streaming", "complete", "streaming"]
    interrupt(first)
    first.communicate()
    out, _ = second.communicate(timeout=60)
    assert out.decode() == replies.DEFAULT + "\n"
    assert [message["status"] for message in tiny.messages()] == ["complete", "stopped", "complete", "complete"]


def test_a_queued_answer_goes_on_when_the_first_process_dies(tiny: Parley) -> None:
    first = begin_long_answer(tiny)
    second = tiny.start("chat", "--last", "and now?")
    assert second.stderr is not None
    assert second.stderr.readline()
    # Else nothing stands between the two questions, and the model takes both for one that is answered without end.
    wait_for(lambda: text_of(tiny.messages()[1]))
    first.kill()
    out, _ = second.communicate(timeout=60)
    assert out.decode() == replies.DEFAULT + "\n"
    assert [message["status"] for message in tiny.messages()] == ["complete", "interrupted", "complete", "complete"]


def test_whoever_reads_may_leave(tiny: Parley) -> None:
    process = begin_long_answer(tiny)
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(timeout=60) == 141
    assert process.stderr is not None
    assert process.stderr.read() == b""
    assert tiny.messages()[1]["status"] == "stopped"


def test_what_an_answer_costs(tiny: Parley) -> None:
    tiny("chat", "Hello")
    (row,) = tiny.json("usage", "--by", "model", "--json")["rows"]
    assert (row["cost"], row["unpriced"]) == (0, 0)  # it runs on this computer
    (tiny.data / "prices.json").write_text('{"tiny/*": {"input": 1000, "output": 2000}}', encoding="utf-8")
    tiny("settings", "set", "budget", "0.01")
    assert "This month’s budget is spent: $" in tiny("chat", "Hello").stderr
    usage = tiny.messages()[-1]["usage"]
    assert usage["cost"] == (usage["input_tokens"] * 1000 + usage["output_tokens"] * 2000) / 1_000_000
    assert tiny.json("usage", "--by", "month", "--json")["this_month"] == usage["cost"]
    tiny("settings", "set", "budget_stops", "on")
    assert "budget of $0.01 is spent" in tiny.fails("chat", "Hello")


def test_parameters_reach_the_model_and_stay(tiny: Parley) -> None:
    done = tiny("chat", "-m", MODEL, "--max-tokens", "4", "--temperature", "0", "/long")
    assert done.stdout == "".join(replies.LONG_WORDS) + "\n"
    assert tiny.messages()[1]["usage"]["reason"] == "length"
    assert len(tiny("chat", "--last", "/long again").stdout.split()) == 4
    assert len(tiny("chat", "--last", "--max-tokens", "6", "/long and again").stdout.split()) == 6
    (found,) = tiny.json("conversations", "--json")
    kept = tiny.json("show", found["id"], "--format", "json")["parameters"]
    assert kept == {"temperature": 0.0, "max_tokens": 6}
    assert len(tiny("chat", "--no-store", "--max-tokens", "2", "/long").stdout.split()) == 2
