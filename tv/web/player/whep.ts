// WebRTC from the server by WHEP: the studio's own packets, a third of a second after the studio,
// or those of the delayed feed.

import * as clock from "../clock";
import type { Feed } from "../protocol";
import { pause } from "../waiting";
import { answerWith, fragmentOf, iceServers } from "./ice";
import { fromRtp, momentOf } from "./media_time";
import { FORGOTTEN, type Path, PathFailed, UNREACHED, decoded, silentVideo } from "./path";

const ANSWERING = 8000; // ms
const MENDING = 2000; // ms that the server may take to begin a new ICE session
const UNAIDED = 1.5; // seconds that ICE may take before a server that relays is asked
const SDP = "application/sdp";
const FRAGMENT = "application/trickle-ice-sdpfrag";

/** Servers that earlier answers named: asked from the start the next time. */
let known: RTCIceServer[] = [];

export class Whep implements Path {
  readonly video = silentVideo();
  failure: PathFailed | null = null;

  private connection: RTCPeerConnection | null = null;
  private session = "";
  private tag = ""; // of the ICE session; "" when the server cannot begin another
  private mending: Promise<boolean> | null = null;
  private stopped = false;
  private timestamp: number | null = null;

  constructor(
    private readonly channel: string,
    readonly name: "webrtc" | "delayed",
    private readonly feed: () => Feed | undefined,
  ) {
    addEventListener("pagehide", this.hangUp);
  }

  async start(): Promise<void> {
    const connection = new RTCPeerConnection({ iceServers: known });
    this.connection = connection;
    const stream = new MediaStream();
    this.video.srcObject = stream;
    connection.ontrack = ({ track }) => stream.addTrack(track);
    connection.onconnectionstatechange = () => this.look(connection);
    connection.oniceconnectionstatechange = () => this.look(connection);
    connection.addTransceiver("video", { direction: "recvonly" });
    connection.addTransceiver("audio", { direction: "recvonly" });
    await connection.setLocalDescription();
    // Without candidates: the server, whose port is open to all, finds us by our checks.
    const { answer, servers } = await this.offer(connection.localDescription?.sdp ?? "");
    if (this.stopped) return;
    await connection.setRemoteDescription({ type: "answer", sdp: answer });
    const transport = connection.getReceivers()[0]?.transport;
    transport?.addEventListener("statechange", () => {
      if (transport.state === "closed" && !this.stopped)
        this.failure ??= new PathFailed("le serveur a raccroché", 0, FORGOTTEN);
    });
    if (servers.length && !known.length) void this.ask(connection, servers);
    known = servers;
    this.watch();
    await decoded(this.video);
  }

  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    removeEventListener("pagehide", this.hangUp);
    this.hangUp();
    this.connection?.close();
    this.video.srcObject = null;
    this.video.remove();
  }

  mediaTime(): number | null {
    if (this.timestamp == null) return null;
    const feed = this.feed();
    return feed ? momentOf(this.timestamp, feed) : fromRtp(this.timestamp, clock.now());
  }

  catchUp(): void {
    void this.video.play().catch(() => {}); // what arrives is always the newest
  }

  /** A new ICE session, on the network that there is now (RFC 9725, 4.3.3). */
  mend(): Promise<boolean> {
    this.mending ??= this.restart()
      .catch(() => false) // the connection was closed meanwhile
      .finally(() => {
        this.mending = null;
      });
    return this.mending;
  }

  private async restart(): Promise<boolean> {
    const { connection } = this;
    if (!connection || !this.session || !this.tag) return false;
    if (connection.signalingState !== "stable") return false;
    if (await receives(connection)) return false; // the network is not what ails us
    connection.restartIce();
    await connection.setLocalDescription();
    const ours = fragmentOf(connection.localDescription?.sdp ?? "");
    const fragment = await this.change(ours).catch(() => "");
    if (this.stopped) return false;
    if (!fragment) {
      await connection.setLocalDescription({ type: "rollback" });
      return false;
    }
    const sdp = answerWith(connection.remoteDescription?.sdp ?? "", fragment);
    await connection.setRemoteDescription({ type: "answer", sdp });
    return true;
  }

  /** Where no straight way is found, look for one through these servers. */
  private async ask(connection: RTCPeerConnection, servers: RTCIceServer[]): Promise<void> {
    await pause(UNAIDED);
    if (this.stopped || !["new", "checking"].includes(connection.iceConnectionState)) return;
    connection.setConfiguration({ iceServers: servers });
    await this.mend();
  }

  private look(connection: RTCPeerConnection): void {
    if (this.stopped) return;
    if (connection.connectionState === "failed")
      this.failure ??= new PathFailed("connexion perdue");
    else if (connection.iceConnectionState === "disconnected") void this.mend();
  }

  private async offer(sdp: string): Promise<{ answer: string; servers: RTCIceServer[] }> {
    const feed = this.name === "delayed" ? "?feed=delayed" : "";
    const response = await asked(`/${this.channel}/whep${feed}`, {
      method: "POST",
      headers: { "content-type": SDP },
      body: sdp,
      signal: AbortSignal.timeout(ANSWERING),
    });
    const answer = await response.text().catch(() => "");
    const location = response.headers.get("location");
    this.session = location ? new URL(location, response.url).href : "";
    this.tag = response.headers.get("etag") ?? "";
    if (this.stopped || !response.ok) this.hangUp(); // an offer in return is of no use to us either
    if (!response.ok) throw refusal(response, answer);
    return { answer, servers: iceServers(response.headers.get("link")) };
  }

  /** Send a fragment; return theirs, or nothing when the server begins no new ICE session. */
  private async change(fragment: string): Promise<string> {
    const response = await asked(this.session, {
      method: "PATCH",
      headers: { "content-type": FRAGMENT, "if-match": "*" },
      body: fragment,
      signal: AbortSignal.timeout(MENDING),
    });
    const text = await response.text().catch(() => "");
    if (response.status === 404) this.failure ??= new PathFailed("oubliée", 404, FORGOTTEN);
    if (response.status !== 200) return "";
    this.tag = response.headers.get("etag") ?? "";
    return text;
  }

  /** `rtpTimestamp` names each picture exactly; `mediaTime` drifts from it by tens of ms. */
  private watch(): void {
    if (this.stopped || !this.video.requestVideoFrameCallback) return;
    this.video.requestVideoFrameCallback((_, { rtpTimestamp }) => {
      if (rtpTimestamp !== undefined) this.timestamp = rtpTimestamp;
      this.watch();
    });
  }

  private readonly hangUp = (): void => {
    if (!this.session) return;
    void fetch(this.session, { method: "DELETE", keepalive: true }).catch(() => {});
    this.session = "";
  };
}

async function asked(address: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(address, request);
  } catch {
    throw new PathFailed("pas de réponse", 0, UNREACHED);
  }
}

function refusal(response: Response, text: string): PathFailed {
  let code = response.status === 406 ? "no-common-codec" : "";
  try {
    code = String(JSON.parse(text).type ?? "").split(":").pop() ?? "";
  } catch {
    // an offer in return, or a proxy's own page: the status says enough
  }
  const wait = Number(response.headers.get("retry-after")) || 0;
  return new PathFailed(text, response.status, code, wait);
}

/** Whether bytes of the picture still come in. */
async function receives(connection: RTCPeerConnection): Promise<boolean> {
  const before = await received(connection);
  await pause(0.25);
  return (await received(connection)) > before;
}

async function received(connection: RTCPeerConnection): Promise<number> {
  let bytes = 0;
  for (const item of (await connection.getStats()).values())
    if (item.type === "inbound-rtp" && item.kind === "video") bytes += item.bytesReceived;
  return bytes;
}
