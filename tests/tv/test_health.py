"""What the crew is told of the store and the disk."""

from pathlib import Path

from tests.servers import StoreServer
from tests.tv.house import house
from tv import store
from tv.auth import Role


async def test_crew_is_told_that_the_store_is_away(
    store_server: StoreServer, tmp_path: Path
) -> None:
    async with (
        store.connected(store_server.url) as client,
        house(client, data=tmp_path) as tv,
        tv.crew(Role.MODERATOR) as crew,
        tv.someone() as viewer,
    ):
        assert (await viewer.get("/api/v1/health")).status_code == 403
        told = (await crew.get("/api/v1/health")).json()
        assert told["store"]["up"]
        assert 0 <= told["store"]["milliseconds"] < 2000
        assert 0 < told["disk"]["free"] <= told["disk"]["total"]
        store_server.kill()
        told = (await crew.get("/api/v1/health")).json()
        assert told["store"] == {"up": False, "milliseconds": None}
        store_server.start()
        await store_server.wait()
