// What the system shows of what plays: on a locked phone, on a keyboard's media keys.

import { page } from "../page";
import type { PlayerState } from "../player/player";
import type { Channel, Talk } from "../protocol";
import { STEP } from "./timeline";

interface Acts {
  play: () => void;
  pause: () => void;
  step: (by: number) => void;
  float: () => void;
}

export class MediaControls {
  private readonly session = "mediaSession" in navigator ? navigator.mediaSession : null;
  private said = "";

  constructor(
    private readonly slug: string,
    { play, pause, step, float }: Acts,
  ) {
    this.handle("play", play);
    this.handle("pause", pause);
    this.handle("seekbackward", () => step(-STEP));
    this.handle("seekforward", () => step(STEP));
    this.handle("enterpictureinpicture" as MediaSessionAction, float);
  }

  about(channel: Channel | undefined, talk: Talk | undefined): void {
    const title = talk?.title || channel?.name || page.name;
    const artist = talk?.speakers.join(", ") ?? "";
    if (!this.session || this.said === title + artist) return;
    this.said = title + artist;
    this.session.metadata = new MediaMetadata({
      title,
      artist,
      album: page.event,
      artwork: [{ src: `/${this.slug}/thumbnail.jpg`, type: "image/jpeg" }],
    });
  }

  draw({ path, paused }: PlayerState): void {
    if (this.session) this.session.playbackState = !path ? "none" : paused ? "paused" : "playing";
  }

  private handle(action: MediaSessionAction, act: () => void): void {
    try {
      this.session?.setActionHandler(action, act);
    } catch {
      // this browser does not know it
    }
  }
}
