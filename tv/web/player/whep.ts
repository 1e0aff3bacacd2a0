// WebRTC from the server by WHEP: the studio's own packets, a third of a second after the studio.

import * as clock from "../clock";
import { fromRtp } from "./media_time";
import { type Path, PathFailed, decoded, silentVideo } from "./path";

const GATHERING = 1000; // ms at most: without ICE servers there are host candidates only
const ANSWERING = 8000; // ms

export class Whep implements Path {
  readonly name = "webrtc";
  readonly video = silentVideo();
  failure: PathFailed | null = null;

  private readonly connection = new RTCPeerConnection();
  private session = "";
  private stopped = false;
  private timestamp: number | null = null;

  constructor(private readonly address: string) {
    addEventListener("pagehide", this.hangUp);
  }

  async start(): Promise<void> {
    const { connection, video } = this;
    const stream = new MediaStream();
    video.srcObject = stream;
    connection.ontrack = ({ track }) => stream.addTrack(track);
    connection.onconnectionstatechange = () => {
      if (connection.connectionState === "failed")
        this.failure = new PathFailed("connexion perdue");
    };
    connection.addTransceiver("video", { direction: "recvonly" });
    connection.addTransceiver("audio", { direction: "recvonly" });
    await connection.setLocalDescription();
    await gathered(connection);
    const answer = await this.offer(connection.localDescription?.sdp ?? "");
    if (this.stopped) return;
    await connection.setRemoteDescription({ type: "answer", sdp: answer });
    this.watch();
    await decoded(video);
  }

  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    removeEventListener("pagehide", this.hangUp);
    this.hangUp();
    this.connection.close();
    this.video.srcObject = null;
    this.video.remove();
  }

  mediaTime(): number | null {
    return this.timestamp == null ? null : fromRtp(this.timestamp, clock.now());
  }

  catchUp(): void {
    void this.video.play().catch(() => {}); // what arrives is always the newest
  }

  private async offer(sdp: string): Promise<string> {
    let response: Response;
    try {
      response = await fetch(this.address, {
        method: "POST",
        headers: { "content-type": "application/sdp" },
        body: sdp,
        signal: AbortSignal.timeout(ANSWERING),
      });
    } catch {
      throw new PathFailed("pas de réponse");
    }
    const text = await response.text();
    if (!response.ok) {
      const retryAfter = Number(response.headers.get("retry-after")) || 0;
      throw new PathFailed(text, response.status, retryAfter);
    }
    const location = response.headers.get("location");
    this.session = location ? new URL(location, response.url).href : "";
    if (this.stopped) this.hangUp();
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

function gathered(connection: RTCPeerConnection): Promise<void> {
  return new Promise((done) => {
    const look = () => {
      if (connection.iceGatheringState === "complete") done();
    };
    connection.addEventListener("icegatheringstatechange", look);
    setTimeout(done, GATHERING);
    look();
  });
}
