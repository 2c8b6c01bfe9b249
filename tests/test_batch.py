"""Runs that are broken off, resumed, repeated and grown: the tables are always the same."""

from __future__ import annotations

import importlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.articles.discover import Selection, Source
from pipeline.batch.before import Before
from pipeline.batch.messages import ErrorRow
from pipeline.batch.pool import StartError, WorkerPool
from pipeline.batch.run import RunOptions, run
from pipeline.batch.settings import run_settings
from pipeline.batch.state import RunState
from pipeline.batch.units import Item, Unit, deal
from pipeline.batch.worker import read_rows
from pipeline.config import RunConfig
from pipeline.errors import OutputError, RunError, StoppedError
from pipeline.tables.schema import TABLES

ROOT = Path(__file__).parents[1]
FAST = RunConfig(profile="fast")
TEXT = "Flu\n\nFlu causes fever and cough in {}. It does not cause chest pain.\n"
FILLER = "The library opens at nine in the morning.\n"


def tables(out):
    return {path.name: path.read_bytes() for path in out.iterdir() if path.stem in TABLES}


def doc_ids(out):
    return pq.read_table(out / "documents.parquet", columns=["doc_id"])["doc_id"].to_pylist()


def write_articles(folder, numbers, text=TEXT):
    folder.mkdir(exist_ok=True)
    for number in numbers:
        (folder / f"{number:04}.txt").write_text(text.replace("{}", f"year {number}"))
    return folder


@pytest.fixture
def small_units(monkeypatch):
    """Units of about four articles."""
    monkeypatch.setattr("pipeline.batch.run.deal", lambda items: deal(items, 250))


# Workers.


@pytest.fixture
def tasks(monkeypatch):
    """The module of the tasks, where processes find it too: they have this one's path."""
    monkeypatch.syspath_prepend(Path(__file__).parent)
    return importlib.import_module("pool_tasks")


def outcomes(pool, tasks, seconds=60.0):
    tasks, found = list(tasks), {}
    while tasks or pool.n_busy:
        while tasks and pool.has_room:
            pool.submit(tasks.pop(0), seconds)
        found.update(pool.wait())
    return found


@pytest.mark.parametrize("n_workers", [1, 2])
def test_pool_does_all_tasks_though_some_die_hang_or_raise(tasks, n_workers):
    with WorkerPool(n_workers, tasks.do_task, tasks.start_worker) as pool:
        found = outcomes(pool, ["a", "die", "b", "raise", "c"])
        found |= outcomes(pool, ["hang", "d"], seconds=1.0)
    assert isinstance(found.pop("raise"), ValueError)
    assert found == {"a": "aa", "die": "died", "b": "bb", "c": "cc", "hang": "hung", "d": "dd"}


def test_pool_tells_what_its_start_raised(tasks):
    with (
        WorkerPool(1, tasks.do_task, tasks.start_worker, ("raises",)) as pool,
        pytest.raises(OutputError, match="no start"),
    ):
        outcomes(pool, ["a"])


def test_pool_does_not_start_dying_processes_for_ever(tasks):
    with (
        WorkerPool(1, tasks.do_task, tasks.start_worker, ("dies",)) as pool,
        pytest.raises(StartError),
    ):
        outcomes(pool, ["a"])


def test_pool_goes_on_when_an_idle_worker_has_died(tasks):
    with WorkerPool(1, tasks.do_task, tasks.start_worker) as pool:
        assert outcomes(pool, ["a"]) == {"a": "aa"}
        pool.kill()
        assert outcomes(pool, ["b"])["b"] in ("bb", "died")
        assert outcomes(pool, ["c"]) == {"c": "cc"}


# Units.


def item(name, size=10, kept=None):
    return Item(name, f"{name}.txt", Source(name, Path(f"{name}.txt")), size, size, "1", kept)


@given(st.lists(st.integers(0, 900), max_size=60))
def test_units_hold_all_documents_in_order_and_end_when_full(sizes):
    items = [item(str(number), size) for number, size in enumerate(sizes)]
    units = list(deal(items, 1000))
    assert [i for unit in units for i in unit.items] == items
    assert all(sum(i.size for i in unit.items[:-1]) < 1000 for unit in units)
    assert all(unit.size >= 1000 for unit in units[:-1])
    assert len({unit.key for unit in units}) == len(units)


def test_unit_key_is_of_all_that_decides_its_rows():
    one = item("a")
    others = [
        item("b"), item("a", size=11), item("a", kept={"documents": (0, 1)}),
        Item("a", "b.txt", one.source, 10, 10, "1"), Item("a", "a.txt", one.source, 10, 10, "2"),
    ]  # fmt: skip
    keys = [Unit((i,)).key for i in (one, *others)] + [Unit((one, item("b"))).key]
    assert len(set(keys)) == len(keys)
    assert Unit((item("a"),)).key == Unit((one,)).key


# The state on the disk.


def test_state_knows_later_what_was_done(tmp_path):
    with RunState(tmp_path, {"a": "1"}) as state:
        state.done("key", {"documents": 3})
        state.fail([ErrorRow("p", None, "read", "E", "m")])
    with RunState(tmp_path, {"a": "1"}) as state:
        assert state.counts("key") == {"documents": 3}
        assert state.counts("other") is None
        # Found out anew by each run.
        assert list(state.failures()) == []


def test_state_of_other_settings_is_kept_unless_told(tmp_path):
    with RunState(tmp_path, {"profile": "fast"}) as state:
        state.done("key", {})
    with pytest.raises(OutputError, match="profile: fast before, accurate now"):
        RunState(tmp_path, {"profile": "accurate"})
    with RunState(tmp_path, {"profile": "fast"}) as state:
        assert state.counts("key") == {}
    with RunState(tmp_path, {"profile": "accurate"}, overwrite=True) as state:
        assert state.counts("key") is None


def test_state_is_one_runs_at_a_time(tmp_path):
    with (
        RunState(tmp_path, {}),
        pytest.raises(OutputError, match="another run is writing there"),
    ):
        RunState(tmp_path, {})
    with RunState(tmp_path, {}):
        pass


def test_state_that_is_no_database_is_one_clear_line(tmp_path):
    (tmp_path / ".partial").mkdir()
    (tmp_path / ".partial" / "log.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(OutputError, match=r"\.partial: cannot be used"):
        RunState(tmp_path, {})


def test_state_gives_each_id_once(tmp_path):
    with RunState(tmp_path, {}) as state:
        assert state.claim("a", "one.txt") is None
        assert state.claim("a", "two.txt") == "one.txt"
        state.release(["a"])
        with pytest.raises(RunError, match="came out twice"):
            state.release(["a"])
        assert state.n_claimed() == 0


# Whole runs.


@pytest.fixture(scope="module")
def undisturbed(nlp, tmp_path_factory):
    """Forty articles and the tables of a run that nothing happened to."""
    base = tmp_path_factory.mktemp("undisturbed")
    articles = write_articles(base / "articles", range(40))
    run([articles], base / "out", FAST, lambda: nlp)
    return articles, tables(base / "out")


def test_run_in_worker_processes_writes_what_one_process_writes(undisturbed, tmp_path, small_units):
    articles, expected = undisturbed
    summary = run([articles], tmp_path, FAST, options=RunOptions(workers=2))
    assert summary.n_done == 40
    assert tables(tmp_path) == expected
    assert not (tmp_path / ".partial").exists()


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_run_stopped_goes_on_where_it_was(nlp, undisturbed, tmp_path, small_units, stop):
    articles, expected = undisturbed

    def press(progress):
        if progress.n_done >= 8:
            os.kill(os.getpid(), stop)

    before = signal.getsignal(stop)
    summary = run([articles], tmp_path, FAST, lambda: nlp, press)
    assert signal.getsignal(stop) is before
    assert summary.interrupted
    assert 8 <= summary.n_done < 40
    assert tables(tmp_path) == {}
    done = summary.n_done
    seen = []
    again = run([articles], tmp_path, FAST, lambda: nlp, lambda p: seen.append(p.n_done))
    assert seen[0] > done  # what was done before is counted, not done again
    assert again.n_done == 40
    assert tables(tmp_path) == expected


def test_run_stopped_twice_breaks_off_and_can_be_resumed(nlp, undisturbed, tmp_path, small_units):
    articles, expected = undisturbed

    def press_twice(progress):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(StoppedError):
        run([articles], tmp_path, FAST, lambda: nlp, press_twice)
    run([articles], tmp_path, FAST, lambda: nlp)
    assert tables(tmp_path) == expected


def test_run_resumed_does_changed_files_anew(nlp, tmp_path, small_units):
    articles = write_articles(tmp_path / "in", range(12))

    def press(progress):
        os.kill(os.getpid(), signal.SIGINT)

    assert run([articles], tmp_path / "out", FAST, lambda: nlp, press).interrupted
    write_articles(articles, [1], "Gout\n\nGout causes a swollen toe in {}.\n")
    run([articles], tmp_path / "out", FAST, lambda: nlp)
    run([articles], tmp_path / "fresh", FAST, lambda: nlp)
    assert tables(tmp_path / "out") == tables(tmp_path / "fresh")


def test_run_with_other_settings_overwrites_only_when_told(nlp, undisturbed, tmp_path):
    articles, _ = undisturbed
    run([articles], tmp_path, FAST, lambda: nlp)
    kept = tables(tmp_path)
    other = FAST.model_copy(update={"rollup": True})
    with pytest.raises(OutputError, match="rollup: false before, true now"):
        run([articles], tmp_path, other, lambda: nlp)
    assert tables(tmp_path) == kept
    run([articles], tmp_path, other, lambda: nlp, options=RunOptions(overwrite=True))
    assert tables(tmp_path) != kept


def test_run_over_its_own_earlier_tables_with_the_same_settings(nlp, undisturbed, tmp_path):
    articles, expected = undisturbed
    for _ in range(2):
        run([articles], tmp_path, FAST, lambda: nlp)
        assert tables(tmp_path) == expected


def test_settings_tell_a_model_by_its_content(tmp_path):
    (tmp_path / "weights").write_bytes(b"1")
    config = RunConfig(model=str(tmp_path))
    before = run_settings(config)
    assert run_settings(config) == before
    (tmp_path / "weights").write_bytes(b"2")
    assert run_settings(config)["model"] != before["model"]


INCREMENTAL = RunOptions(incremental=True)


@pytest.mark.parametrize(
    "change",
    [
        "nothing",
        "one new",
        "one changed",
        "one gone",
        "all gone but one",
        "many",
        "new at both ends",
    ],
)
def test_run_incremental_is_a_fresh_run(nlp, tmp_path, monkeypatch, small_units, change):
    articles = write_articles(tmp_path / "in", range(10, 30))
    run([articles], tmp_path / "out", FAST, lambda: nlp)
    other = "Gout\n\nGout causes a swollen toe in {}, and fever.\n"
    new, changed, gone = {
        "nothing": ([], [], []),
        "one new": ([15_000], [], []),
        "one changed": ([], [17], []),
        "one gone": ([], [], [12]),
        "all gone but one": ([], [], range(11, 30)),
        "many": ([1, 2, 40, 41], [11, 13, 15, 29], [10, 12, 14]),
        "new at both ends": ([1, 99], [], []),
    }[change]
    write_articles(articles, [*new, *changed], other)
    for number in gone:
        (articles / f"{number:04}.txt").unlink()
    done = []

    def counting():
        make_doc = nlp.make_doc
        monkeypatch.setattr(nlp, "make_doc", lambda text: done.append(text) or make_doc(text))
        return nlp

    summary = run([articles], tmp_path / "out", FAST, counting, options=INCREMENTAL)
    monkeypatch.undo()
    assert len(done) == len(new) + len(changed)
    assert summary.n_kept == 20 - len(changed) - len(gone)
    run([articles], tmp_path / "fresh", FAST, lambda: nlp)
    assert tables(tmp_path / "out") == tables(tmp_path / "fresh")


def write_records(path, records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def test_run_incremental_over_records(nlp, tmp_path):
    records = [
        {"id": f"r{9 - n}", "title": f"Flu {n}", "text": TEXT.format(n), "year": n}
        for n in range(6)
    ]
    file = write_records(tmp_path / "a.jsonl", records)
    run([file], tmp_path / "out", FAST, lambda: nlp)
    records[1]["text"] = TEXT.format("autumn")
    records[2]["title"] = "Influenza"
    records[3]["year"] = 2020
    del records[4]
    records.append({"id": "new", "text": TEXT.format("spring")})
    write_records(file, records)
    summary = run([file], tmp_path / "out", FAST, lambda: nlp, options=INCREMENTAL)
    assert summary.n_kept == 2
    run([file], tmp_path / "fresh", FAST, lambda: nlp)
    assert tables(tmp_path / "out") == tables(tmp_path / "fresh")


def test_run_incremental_into_an_empty_folder_does_everything(nlp, undisturbed, tmp_path):
    articles, expected = undisturbed
    summary = run([articles], tmp_path, FAST, lambda: nlp, options=INCREMENTAL)
    assert (summary.n_done, summary.n_kept) == (40, 0)
    assert tables(tmp_path) == expected


def test_before_knows_the_rows_of_each_document(undisturbed, tmp_path):
    _, expected = undisturbed
    for name, content in expected.items():
        (tmp_path / name).write_bytes(content)
    before = Before(tmp_path)
    assert len(before) == 40
    documents = pq.read_table(tmp_path / "documents.parquet").to_pylist()
    entities = pq.read_table(tmp_path / "entities.parquet")
    for document in documents:
        told = document["path"], document["sha256"]
        start, end = before.rows(document["doc_id"], *told)["entities"]
        rows = read_rows(tmp_path / "entities.parquet", start, end)
        assert rows == entities.slice(start, end - start)
        assert set(rows["doc_id"].to_pylist()) == {document["doc_id"]}
        assert len(rows) == document["n_entities"]
        assert before.rows(document["doc_id"], told[0], "other") is None
    assert before.rows("no such", "a", "b") is None


# Records with ids.


def test_run_an_id_that_occurs_twice_is_an_error_row(nlp, tmp_path):
    file = write_records(
        tmp_path / "a.jsonl", [{"id": "x", "text": TEXT}, {"id": "x", "text": TEXT + "More."}]
    )
    summary = run([file], tmp_path / "out", FAST, lambda: nlp)
    assert summary.n_done == 1
    (error,) = summary.errors
    assert (error.doc_id, error.stage) == ("x", "read")
    assert "the id 'x' is already that of a document" in error.message


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a\0b", "..", "C:\\x", "=1+1"])
def test_run_an_id_that_looks_like_a_path_stays_an_id(nlp, tmp_path, name):
    file = write_records(tmp_path / "a.jsonl", [{"id": name, "text": TEXT}])
    around = set(tmp_path.parent.rglob("*"))
    summary = run([file], tmp_path / "out", FAST, lambda: nlp)
    assert summary.n_done == 1
    made = set(tmp_path.parent.rglob("*")) - around
    assert made
    assert all(path.is_relative_to(tmp_path / "out") for path in made)


def test_run_records_without_ids_are_numbered(nlp, tmp_path):
    file = write_records(tmp_path / "a.jsonl", [{"text": TEXT}, {"text": TEXT}])
    run([file], tmp_path / "out", FAST, lambda: nlp)
    assert doc_ids(tmp_path / "out") == ["a-000001", "a-000002"]


def test_run_takes_the_topic_of_a_record_from_its_title(nlp, tmp_path):
    text = "It is common.\n\nPeople with gout have pain. Flu may follow."
    file = write_records(tmp_path / "a.jsonl", [{"title": "About gout", "text": text}])
    run([file], tmp_path / "out", FAST, lambda: nlp)
    (document,) = pq.read_table(tmp_path / "out" / "documents.parquet").to_pylist()
    assert (document["title"], document["topic_label"]) == ("About gout", "gout")
    assert document["text"] == text


def test_run_include_and_exclude(nlp, tmp_path):
    articles = write_articles(tmp_path / "in", range(3))
    (articles / "notes.log").write_text(TEXT)
    (articles / "old").mkdir()
    write_articles(articles / "old", [7])
    chosen = Selection(include=["*.log", "0*.txt"], exclude=["0001.txt", "old/*"])
    run([articles], tmp_path / "out", FAST, lambda: nlp, options=RunOptions(selection=chosen))
    assert doc_ids(tmp_path / "out") == ["0000", "0002", "notes"]


def test_run_does_not_read_its_own_tables(nlp, tmp_path):
    write_articles(tmp_path, range(2))
    for _ in range(2):
        summary = run([tmp_path], tmp_path / "out", FAST, lambda: nlp)
        assert (summary.n_done, summary.errors) == (2, [])


# Documents that end or stop their worker: the real workers, with a document that is told to.


@pytest.fixture
def traps(monkeypatch, tmp_path):
    """Make workers die, or hang, over texts that ask for it."""
    hook = tmp_path / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(
        "import os, signal, sys, time\n"
        "from importlib.abc import MetaPathFinder\n"
        "class Hook(MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'pipeline.batch.worker':\n"
        "            sys.meta_path.remove(self)\n"
        "            import pipeline.annotate as annotate\n"
        "            real = annotate.annotate\n"
        "            def trapped(article, *rest):\n"
        "                if 'DIE' in article.text: os.kill(os.getpid(), signal.SIGKILL)\n"
        "                if 'HANG' in article.text: time.sleep(600)\n"
        "                return real(article, *rest)\n"
        "            annotate.annotate = trapped\n"
        "        return None\n"
        "sys.meta_path.insert(0, Hook())\n"
    )
    return {**os.environ, "PYTHONPATH": str(hook)}


def command(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "pipeline", "run", *map(str, arguments), "--profile", "fast"],
        cwd=ROOT, capture_output=True, text=True, timeout=240, check=False, **options,
    )  # fmt: skip


def test_run_a_document_that_kills_or_stops_its_worker_costs_no_other(traps, tmp_path):
    articles = write_articles(tmp_path / "in", range(6))
    (articles / "0002b.txt").write_text("DIE " + TEXT)
    (articles / "0004b.txt").write_text("HANG " + TEXT)
    result = command(articles, "--out", tmp_path / "out", "--timeout", 3, env=traps)
    assert result.returncode == 3
    assert "Traceback" not in result.stderr
    assert doc_ids(tmp_path / "out") == [f"{number:04}" for number in range(6)]
    errors = pq.read_table(tmp_path / "out" / "errors.parquet").to_pylist()
    assert [(e["doc_id"], e["stage"], e["error"]) for e in errors] == [
        ("0002b", "annotate", "Crash"), ("0004b", "annotate", "TimeLimit"),
    ]  # fmt: skip
    assert all(str(articles) in e["message"] for e in errors)
    # The others' rows are those of a run without the two.
    for name in ("0002b", "0004b"):
        (articles / f"{name}.txt").unlink()
    assert command(articles, "--out", tmp_path / "clean").returncode == 0
    for table in ("entities", "relations", "cooccurrences"):
        name = f"{table}.parquet"
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "clean" / name).read_bytes()


def test_run_killed_goes_on_where_it_was(tmp_path):
    # Three units, most of it text without mentions.
    articles = write_articles(tmp_path / "in", range(250), TEXT + FILLER * 100)
    out, log = tmp_path / "out", tmp_path / "out" / ".partial" / "log.sqlite"
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline", "run", str(articles), "--out", str(out),
         "--profile", "fast"],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    shards = out / ".partial" / "shards"
    while process.poll() is None and not list(shards.glob("*.errors.parquet")):
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert log.exists()
    assert tables(out) == {}
    result = command(articles, "--out", out, "--log-json")
    assert result.returncode == 0
    started, *_ = [json.loads(line) for line in result.stderr.splitlines()]
    assert started["event"] == "started"
    assert command(articles, "--out", tmp_path / "fresh", "-j", 2).returncode == 0
    assert tables(out) == tables(tmp_path / "fresh")


def test_run_ctrl_c_of_the_real_command_leaves_what_can_be_resumed(tmp_path):
    articles = write_articles(tmp_path / "in", range(250), TEXT + FILLER * 100)
    out = tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline", "run", str(articles), "--out", str(out),
         "--profile", "fast"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    shards = out / ".partial" / "shards"
    while process.poll() is None and not shards.exists():
        time.sleep(0.01)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    (line,) = err.splitlines()
    assert "stopped; " in line
    assert "run the same command again to go on" in line
    assert tables(out) == {}


def test_run_full_disk_is_one_line_and_can_be_resumed(nlp, undisturbed, tmp_path, monkeypatch):
    articles, expected = undisturbed

    def full(table, stream, **options):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("pipeline.batch.shards.pq.write_table", full)
        with pytest.raises(OutputError, match=r"cannot be written \(No space left on device\)"):
            run([articles], tmp_path, FAST, lambda: nlp)
    assert tables(tmp_path) == {}
    run([articles], tmp_path, FAST, lambda: nlp)
    assert tables(tmp_path) == expected


# The logs.


def test_run_log_json_tells_start_errors_and_end(tmp_path):
    articles = write_articles(tmp_path / "in", range(2))
    (articles / "bad.txt").write_bytes(b"")
    result = command(articles, "--out", tmp_path / "out", "--log-json")
    events = [json.loads(line) for line in result.stderr.splitlines()]
    assert [event["event"] for event in events] == ["started", "error", "finished"]
    started, error, finished = events
    assert started["settings"]["profile"] == "fast"
    assert (error["doc_id"], error["level"]) == ("bad", "error")
    assert finished["counts"]["documents"] == 2
    assert all(event["time"].endswith("Z") for event in events)
    assert result.stdout == ""
    times = [event["time"] for event in events]
    assert all(one <= other for one, other in pairwise(times))
    plain = (tmp_path / "out" / "run.log").read_text().splitlines()
    assert len(plain) == len(events)


def test_run_log_of_the_state_survives_as_sqlite(nlp, undisturbed, tmp_path, small_units):
    articles, _ = undisturbed

    def press(progress):
        os.kill(os.getpid(), signal.SIGINT)

    assert run([articles], tmp_path, FAST, lambda: nlp, press).interrupted
    log = sqlite3.connect(tmp_path / ".partial" / "log.sqlite")
    ((n_units,),) = log.execute("select count(*) from unit")
    log.close()
    assert n_units >= 1
