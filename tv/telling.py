"""Which page shows what, and what it is told when that changes: at once, once for all of them."""

import asyncio
import itertools
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable

from engagement.fold import View
from tv.open_page import Following, Hello, Known, News, Page
from tv.views import topic_of

logger = logging.getLogger(__name__)

AT_ONCE = 200  # pages told of one view before others have a turn
COMPLAIN_EVERY = 1.0  # seconds


class Telling:
    """The pages of this process, by what they show. Use `push`, and `serve` for each page."""

    def __init__(self, news: Callable[[View, bool, Known], News], interval: float) -> None:
        self._news = news  # what those are told who know so much of a view, the crew or not
        self._interval = interval  # seconds between two messages of a view, at least
        # In the order of their coming, which is how they lie in memory: telling all is quicker.
        self._shown: defaultdict[View, dict[Following, None]] = defaultdict(dict)
        self._changed: set[View] = set()
        self._stirred = asyncio.Event()
        self._quiet_until: dict[str, float] = {}  # by kind of a view that cannot be made

    def show(self, page: Page, said: Hello) -> None:
        """A page says what it shows from now on."""
        self.hide(page)
        page.show(said)
        for view, following in page.shown.items():
            self._shown[view][following] = None

    def hide(self, page: Page) -> None:
        """It shows nothing."""
        for view, following in page.shown.items():
            if shown := self._shown.get(view):
                shown.pop(following, None)
                if not shown:
                    del self._shown[view]

    def showing(self, view: View) -> Iterable[Following]:
        return self._shown.get(view, {})

    def stir(self, views: Iterable[View]) -> None:
        """So much changed."""
        self._changed.update(views)
        self._stirred.set()

    async def push(self) -> None:
        """Tell the pages that show what changed, not too often, for ever."""
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            changed, self._changed = self._changed, set()
            for view in changed:
                following = iter(tuple(self.showing(view)))
                while some := tuple(itertools.islice(following, AT_ONCE)):
                    self._tell(view, some)
                    await asyncio.sleep(0)
            await asyncio.sleep(self._interval)

    async def serve(self, page: Page) -> None:
        """Send a page what is new, each time it is woken, at the pace at which it reads."""
        while True:
            await page.wake.wait()
            page.wake.clear()
            page.busy = True  # so that nothing newer is sent before what we send
            for each in tuple(page.shown.values()):
                if news := self._made(each.view, each.crew, each.known):
                    await page.take(each, news)
            page.busy = False

    def _tell(self, view: View, following: Iterable[Following]) -> None:
        """Send pages what is new in a view at once; wake those that have not read all before."""
        shown = self._shown.get(view, {})  # some may have hidden it meanwhile
        made: dict[tuple[bool, Known], News | None] = {}  # nearly all know the same of it
        crew = known = news = None
        for each in following:
            if each not in shown:
                continue
            if each.known is not known or each.crew is not crew:
                crew, known = each.crew, each.known
                if (crew, known) not in made:
                    made[crew, known] = self._made(view, crew, known)
                news = made[crew, known]
                frames = news.frames if news else b""
            if news is None:
                continue
            page = each.page
            if page.busy or (frames and not page.write(frames)):
                page.wake.set()
            else:
                each.known = news.known

    def _made(self, view: View, crew: bool, known: Known) -> News | None:
        try:
            return self._news(view, crew, known)
        except Exception:
            # Other views are not to wait for it, nor the pages that show it to be cut off.
            kind, now = view[0], time.monotonic()
            if now > self._quiet_until.get(kind, 0.0):
                self._quiet_until[kind] = now + COMPLAIN_EVERY
                logger.exception("the view %s cannot be made", topic_of(view))
            return None
