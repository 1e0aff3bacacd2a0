"""Firefox, which has no H.264 for WebRTC: the talk by LL-HLS, its captions, a question, a vote."""

from pathlib import Path

from tests import servers
from tests.captioner import captioner
from tests.firefox import firefox
from tests.studio import publishing

PATH = "document.querySelector('#stage').dataset.path"
MOVES = """(() => {
  const video = document.querySelector("video.shown");
  const { totalVideoFrames } = video?.getVideoPlaybackQuality() ?? {};
  window.first ??= totalVideoFrames;
  return totalVideoFrames > window.first + 10;
})()"""
CAPTIONS = "document.querySelector('.captions').textContent"
QUESTION = "Qui paie l’accompagnement ?"


def test_firefox_watches_by_ll_hls_reads_asks_and_votes(film: Path) -> None:
    with (
        servers.fabrique() as server,
        publishing(film, server),
        firefox() as tab,
        server.crew() as crew,
    ):
        tab.size(390, 844)
        tab.goto(server.url)
        tab.until(f"{PATH} === 'hls'")
        tab.until(MOVES)
        with captioner(server) as writer:
            writer.line("Le bail glissant protège.")
            tab.until(f"{CAPTIONS}.includes('Le bail glissant protège.')")

        tab.click("#ask")
        tab.type(QUESTION)
        tab.click(".composer .primary")
        tab.until("document.querySelector('#questions').textContent.includes('En attente')")
        (asked,) = crew.get("/api/v1/talks/direct/questions").json()["items"]
        assert asked["body"] == QUESTION

        poll = {
            "talk": "direct",
            "type": "single",
            "prompt": "On continue ?",
            "options": ["Oui", "Non"],
        }
        made = crew.post("/api/v1/polls", json=poll).json()
        crew.post(f"/api/v1/polls/{made['id']}:open").raise_for_status()
        tab.click("#tab-polls")
        tab.click("#polls .option input")
        tab.click("#polls form .primary, #polls .primary")
        tab.until("document.querySelector('#polls').textContent.includes('Vote enregistré')")
        crew.post(f"/api/v1/polls/{made['id']}:close").raise_for_status()
        counts = crew.get(f"/api/v1/polls/{made['id']}/results").json()["counts"]
        assert [each["votes"] for each in counts] == [1, 0]
