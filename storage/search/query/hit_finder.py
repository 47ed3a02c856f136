"""Finds the hits of a search: looks up postings, reads sessions newest first, verifies what may be wrong, and ranks."""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

from storage.database.compiled_select import Reader
from storage.database.lru_cache import LRUCache
from storage.records.page import Key
from storage.search.index.entries import TITLE_POSITION
from storage.search.index.segment_snapshot import SegmentSnapshot
from storage.search.query.candidates import CandidateQueue
from storage.search.query.entry_texts import Place, Texts, matching_places, read_texts, score_texts, texts_of_messages
from storage.search.query.found_sessions import FoundSessions
from storage.search.query.hit import MESSAGE, TITLE, Entry, FoundSession, Hit, Search
from storage.search.query.lookup import find_entries
from storage.search.query.matches import Matches, matches_of
from storage.search.query.query_cache import QueryCache, split_cached
from storage.search.query.session_pages import SessionPages
from storage.search.query.shown_hits import MessageNeeds, ShownHits

MAX_RANKED = 100
"""The newest hits, which RELEVANCE ranks; older ones follow in order of time."""

MAX_VERIFIED = 1_000
# How many more candidates to verify than hits are missing: falling short by a little costs another statement.
_SPARE_FACTOR, _SPARE = 1.25, 4

UNRANKED = -1.0


def hit_key(hit: Hit) -> Key:
    """Position of a hit in either order, as the key of its cursor."""
    return (UNRANKED if hit.score is None else hit.score, hit.session.updated_at, hit.session.id, hit.position)


@dataclass(slots=True)
class HitFinder:
    """One search in one snapshot of the segments. Methods that read sessions raise SnapshotChanged and Unavailable."""

    reader: Reader
    search: Search
    results: QueryCache
    matches: Matches
    sessions: FoundSessions
    texts: Texts = field(default_factory=dict)

    @classmethod
    async def create(
        cls, reader: Reader, cache: LRUCache, snapshot: SegmentSnapshot, search: Search, results: QueryCache
    ) -> "HitFinder":
        """Look up the postings of the query."""
        key = ("matches", snapshot.name, search.clauses, search.scopes)
        matches: Matches | None = cache.get(key)
        if matches is None:
            found = await find_entries(reader, cache, snapshot, search.clauses)
            matches = matches_of(snapshot, found, titles=TITLE in search.scopes, messages=MESSAGE in search.scopes)
            cache.put(key, matches, matches.bytes)
        sessions = FoundSessions(reader, cache, snapshot, search.filter, matches.numbers)
        return cls(reader, search, results, matches, sessions)

    async def best(self, size: int, since: Key | None) -> list[Hit]:
        """The first `size` hits after the key `since`: the newest ones ranked, then the rest by time."""
        if since is not None and since[0] == UNRANKED:
            return await self.newest(size, since)
        wanted = max(MAX_RANKED, size)
        found = await self.newest(wanted, None)
        ranked = await self.rank(found[:MAX_RANKED])
        hits = sorted(ranked, key=hit_key, reverse=True) + found[MAX_RANKED:]
        page = [hit for hit in hits if since is None or hit_key(hit) < since][:size]
        if len(page) < size and len(found) == wanted:
            page += await self.newest(size - len(page), hit_key(found[-1]))
        return page

    async def newest(self, size: int, since: Key | None) -> list[Hit]:
        """The first `size` hits after the key `since`, newest first."""
        hits: list[Hit] = []
        verified, count = 0, size
        pages = SessionPages(self.sessions, size, None if since is None else since[1:3])
        queue = CandidateQueue(pages, partial(self._candidates, since))
        while len(hits) < size and (candidates := await queue.take(count)):
            hits += await self.verify(candidates)
            verified += len(candidates)
            count = _next_count(size - len(hits), len(hits), verified)
        return hits[:size]

    async def count_verified(self, candidates: Iterable[Hit]) -> int:
        """How many of the candidates match."""
        total = 0
        for some in batches_to_verify(candidates):
            total += len(await self.verify(some))
            self.texts.clear()
        return total

    def _candidates(self, since: Key | None, rows: Sequence[FoundSession]) -> Iterator[Hit]:
        """The unverified hits of sessions after the key `since`."""
        found = self.matches.each_newest_first([row.number for row in rows])
        for row, positions in zip(rows, found, strict=True):
            end = since[3] if since is not None and row.id == since[2] else TITLE_POSITION + 1
            yield from (Hit(row, position) for position in positions if position < end)

    async def verify(self, candidates: list[Hit]) -> list[Hit]:
        """The candidates that match. Those that the index cannot decide on are checked by their texts."""
        doubtful = candidates
        if not self.search.has_phrases:
            # A renamed session has the entries of both titles, and the old one may not match any more.
            retitled = self.matches.retitled
            doubtful = (
                [hit for hit in candidates if hit.session.number in retitled and hit.is_title] if retitled else []
            )
        if not doubtful:
            return candidates
        cached, unknown = split_cached(self.results.matches, doubtful)
        texts = await self._texts_of(unknown)
        matching = await matching_places(texts, self.search.clauses)
        self.results.add(self.results.matches, {hit.entry: hit.place in matching for hit in _cacheable(unknown, texts)})
        wrong = {hit.entry for hit in unknown if hit.place not in matching}
        wrong.update(entry for entry, is_match in cached.items() if not is_match)
        return [hit for hit in candidates if hit.entry not in wrong] if wrong else candidates

    async def rank(self, hits: Sequence[Hit]) -> list[Hit]:
        """The hits with their scores."""
        scores = await self._scores(hits)
        return [hit._replace(score=scores.get(hit.entry, 0.0)) for hit in hits]

    async def _scores(self, hits: Iterable[Hit]) -> dict[Entry, float]:
        """The scores of hits, without those that are deleted by now."""
        cached, unknown = split_cached(self.results.scores, hits)
        scores = await score_texts(await self._texts_of(unknown), self.search.clauses)
        self.results.add(self.results.scores, {hit.entry: scores[hit.place] for hit in _cacheable(unknown, scores)})
        return cached | {hit.entry: scores[hit.place] for hit in unknown if hit.place in scores}

    async def shown(self, hits: Sequence[Hit], needs: MessageNeeds) -> ShownHits:
        """The messages and snippets that are needed to show hits, without messages that are gone."""
        snippets, _ = split_cached(self.results.snippets, hits)
        unscored: list[Hit] = []
        if needs.has_scores:
            # Ranked hits have their scores.
            unranked = (hit for hit in hits if hit.score is None and not hit.is_title)
            unscored = split_cached(self.results.scores, unranked)[1]
        places, wanted = needs.unread(hits, snippets, self.texts, unscored)
        messages = await self.sessions.messages(places, wanted)
        if unscored:
            # The fields find the scores in the cache, and snippets are cut from the texts that are scored.
            unread = [hit.place for hit in unscored if hit.place in messages and hit.place not in self.texts]
            self.texts |= await texts_of_messages([messages[place] for place in unread])
            await self._scores(unscored)
        return ShownHits(messages, snippets)

    async def _texts_of(self, hits: Sequence[Hit]) -> Texts:
        """The searched texts of hits, without those that are deleted by now."""
        unread = []
        for hit in hits:
            if hit.is_title:
                self.texts[hit.place] = [hit.session.title]
            elif hit.place not in self.texts:
                unread.append(hit.place)
        if unread:
            self.texts |= await read_texts(self.reader, unread)
        return {hit.place: self.texts[hit.place] for hit in hits if hit.place in self.texts}


def batches_to_verify(hits: Iterable[Hit]) -> Iterator[list[Hit]]:
    """The hits, as many at a time as are verified at once."""
    remaining = iter(hits)
    while some := list(islice(remaining, MAX_VERIFIED)):
        yield some


def _cacheable(hits: Iterable[Hit], found: Container[Place]) -> Iterator[Hit]:
    """The hits with a result that stays true: a title may change."""
    return (hit for hit in hits if hit.place in found and not hit.is_title)


def _next_count(missing: int, found: int, verified: int) -> int:
    """How many candidates to verify next, by the share of hits so far."""
    return min(round(_SPARE_FACTOR * missing * (verified + 1) / (found + 1)) + _SPARE, MAX_VERIFIED)
