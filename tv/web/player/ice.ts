// What WHEP says of ICE besides the offer and its answer: servers to ask, and new sessions. Pure.

const LINK = /<([^>]*)>((?:\s*;\s*[\w-]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,]*))*)/g;
const PARAMETER = /([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,]*))/g;

/** The ICE servers that Link headers name (RFC 9725, 4.6). */
export function iceServers(links: string | null): RTCIceServer[] {
  const servers: RTCIceServer[] = [];
  for (const [, address = "", text = ""] of (links ?? "").matchAll(LINK)) {
    const said = new Map<string, string>();
    for (const [, name = "", quoted, bare] of text.matchAll(PARAMETER))
      said.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, "$1") ?? bare ?? "");
    if (said.get("rel") !== "ice-server" || !/^(stun|turn)s?:/.test(address)) continue;
    const username = said.get("username");
    const credential = said.get("credential");
    servers.push(
      username !== undefined && credential !== undefined
        ? { urls: address, username, credential }
        : { urls: address },
    );
  }
  return servers;
}

/** Our side of a new ICE session, as PATCH sends it: an SDP fragment (RFC 9725, 4.3.3). */
export function fragmentOf(offer: string): string {
  const lines = offer.split(/\r?\n/);
  const [section = ""] = sections(lines);
  const kept = /^(m=|a=mid:|a=ice-ufrag:|a=ice-pwd:|a=candidate:)/;
  const head = lines.filter((line) => /^a=(group:BUNDLE|ice-options:)/.test(line));
  return [
    ...new Set(head),
    ...section.split("\n").filter((line) => kept.test(line)),
    "",
  ].join("\r\n");
}

/** The answer that we have, with the other side's new ICE session. */
export function answerWith(answer: string, fragment: string): string {
  const theirs = fragment.split(/\r?\n/);
  const name = theirs.find((line) => line.startsWith("a=ice-ufrag:"));
  const password = theirs.find((line) => line.startsWith("a=ice-pwd:"));
  const candidates = theirs.filter((line) => line.startsWith("a=candidate:"));
  const old = /^a=(ice-ufrag:|ice-pwd:|candidate:|end-of-candidates)/;
  const lines = answer.split(/\r?\n/).filter((line) => line && !old.test(line));
  let first = true;
  return `${lines
    .flatMap((line) => {
      if (!line.startsWith("a=mid:")) return [line];
      const session = [line, name, password, ...(first ? candidates : [])];
      first = false;
      return session.filter((each) => each !== undefined);
    })
    .join("\r\n")}\r\n`;
}

function sections(lines: string[]): string[] {
  const text = lines.join("\n");
  return text.split(/\n(?=m=)/).slice(1);
}
