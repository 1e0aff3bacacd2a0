// Letters that a page left for us, sent when no page is open any more.
//
// The page still has them, and sends them again when it opens: their keys tell the server that they
// are the same, and it answers as it did to us.

import { inTurn, introduce, type Left, left, leave } from "../letters";

const TIMEOUT = 10_000; // ms

/** Send them in order. Throws when one has to wait: the browser tries again later. */
export async function post(): Promise<void> {
  for (let [letter] = await left(); letter; [letter] = await left()) {
    if (letter.picture || letter.as) return; // needs its page
    await deliver(letter);
    const { key } = letter;
    const now = await left(); // a page that opened meanwhile may have left others
    await leave(now.filter((other) => other.key !== key));
  }
}

async function deliver({ method, path, body, key }: Left): Promise<void> {
  const send = (to: string, what: unknown, how: string) =>
    fetch(to, {
      method: how,
      headers: { "content-type": "application/json", "idempotency-key": key },
      body: what === undefined ? null : JSON.stringify(what),
      signal: AbortSignal.timeout(TIMEOUT),
    });
  let answer = await send(path, body, method);
  if (answer.status === 401) {
    answer = await inTurn(async () => {
      const again = await send(path, body, method); // somebody may have joined meanwhile
      if (again.status !== 401) return again;
      const joined = await send("/api/v1/participants", {}, "POST"); // who only wrote has not yet
      if (!joined.ok) throw new Error(`${joined.status}: nobody yet`);
      await introduce(((await joined.json()) as { id: string }).id);
      return send(path, body, method);
    });
  }
  const { status } = answer;
  if (status === 401 || status === 429 || status >= 500) throw new Error(`${status}: later`);
}
