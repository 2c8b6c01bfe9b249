"""Find out what there is to do: from inputs to documents, one after another, never all at once."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.articles.content import too_long
from pipeline.articles.discover import Selection, Source, discover, shown
from pipeline.articles.places import file_size
from pipeline.articles.read import ArticleStream, holds_many, read_article
from pipeline.articles.tabular import Columns
from pipeline.batch.before import Before
from pipeline.batch.log import RunLog
from pipeline.batch.messages import failed
from pipeline.batch.state import RunState
from pipeline.batch.units import Item
from pipeline.config import RunConfig
from pipeline.errors import ArticleError
from pipeline.records import Article, metadata_text

# Bytes of a record besides its text, so that a unit of very short ones stays small.
_RECORD_BYTES = 100
_READ_BYTES = 1 << 20


@dataclass(slots=True)
class Plan:
    """The documents of a run.

    Parameters
    ----------
    before
        The run whose unchanged documents are taken over, if any.
    articles
        Documents that need not be read.
    """

    config: RunConfig
    state: RunState
    log: RunLog
    sources: list[Source]
    before: Before | None
    articles: Sequence[Article] = ()
    n_bytes: int = 0
    n_failed: int = 0

    @classmethod
    def of(
        cls,
        inputs: list[Path | str],
        selection: Selection,
        config: RunConfig,
        state: RunState,
        log: RunLog,
        before: Before | None = None,
        articles: Sequence[Article] = (),
    ) -> Plan:
        """Look for the files; inputs without any are noted as failures."""
        sources, unfit = discover(inputs, selection)
        plan = cls(config, state, log, sources, before, articles)
        for path, error in unfit:
            plan._fail(path, None, "discover", error)
        plan.n_bytes = sum(_size(source) for source in sources)
        plan.n_bytes += sum(len(article.text) for article in articles)
        return plan

    def items(self) -> Iterator[Item]:
        """Every document, in the order of the tables; what fails is noted."""
        for article in self.articles:
            try:
                yield from self._claimed(self._given(article))
            except ArticleError as error:
                self._fail(article.path, article.doc_id, "read", error)
        columns = Columns(self.config.text_column, self.config.id_column, self.config.title_column)
        for source in self.sources:
            try:
                if holds_many(source):
                    yield from self._records(source, columns)
                else:
                    yield from self._claimed(self._file(source))
            except ArticleError as error:
                self._fail(source.path, source.doc_id, "read", error)

    def _given(self, article: Article) -> Item:
        name, text, limit = article.path, article.text, self.config.max_chars
        if not text.strip():
            raise ArticleError(f"{name}: the text is empty; leave it out or fill it")
        if "\0" in text:
            raise ArticleError(f"{name}: a NUL character in the text; remove it")
        if len(text) > limit:
            raise too_long(name, len(text), limit)
        return self._article(article, len(text))

    def _file(self, source: Source) -> Item:
        path = source.path
        if isinstance(path, str):
            # Workers are given what only this process may be able to reach.
            return self._article(read_article(source, self.config.max_chars), _size(source))
        try:
            status = path.stat()
        except OSError as error:
            raise ArticleError(
                f"{shown(path)}: cannot be read ({error.strerror}); check the file"
            ) from error
        version = f"{status.st_mtime_ns}"
        size = status.st_size
        item = Item(source.doc_id, shown(path), source, size, size, version)
        if self.before and source.doc_id in self.before:
            return self._kept(item, _digest(path))
        return item

    def _records(self, source: Source, columns: Columns) -> Iterator[Item]:
        stream = ArticleStream(source, columns, self.config.max_chars)
        position = 0
        for article in stream:
            share, position = stream.position - position, stream.position
            if isinstance(article, ArticleError):
                self._fail(source.path, None, "read", article)
            else:
                yield from self._claimed(self._article(article, max(share, 0)))

    def _article(self, article: Article, share: int) -> Item:
        size = len(article.text.encode("utf-8", "surrogatepass")) + _RECORD_BYTES
        item = Item(article.doc_id, article.path, article, size, share, article.sha256)
        return self._kept(item, article.sha256, metadata_text(article))

    def _kept(self, item: Item, *content: str) -> Item:
        """The document with its rows of the run before, where nothing of it has changed."""
        rows = self.before.rows(item.doc_id, item.path, *content) if self.before else None
        return item if rows is None else replace(item, kept=rows)

    def _claimed(self, item: Item) -> Iterator[Item]:
        taken = self.state.claim(item.doc_id, item.path)
        if taken is None:
            yield item
        else:
            error = ArticleError(
                f"{item.path}: the id {item.doc_id!r} is already that of a document in {taken}; "
                "give each document an id of its own"
            )
            self._fail(item.path, item.doc_id, "read", error)

    def _fail(self, path: Path | str, doc_id: str | None, stage: str, error: ArticleError) -> None:
        self.n_failed += 1
        row = failed(path, doc_id, stage, error)
        self.state.fail([row])
        self.log.tell("error", logging.ERROR, **row._asdict())


def _size(source: Source) -> int:
    try:
        return file_size(source.path)
    except ArticleError:  # told when it is read
        return 0


def _digest(path: Path) -> str:
    """SHA-256 of a file; empty where it cannot be read, which is told when it is annotated."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while part := stream.read(_READ_BYTES):
                digest.update(part)
    except OSError:
        return ""
    return digest.hexdigest()
