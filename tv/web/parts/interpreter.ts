// The picture of the sign-language interpreter, a channel of its own, in or beside the main one.
// It goes where the main picture goes, without a sound, and keeps the size that one gave it.

import { preferences } from "../kept";
import { t } from "../language";
import type { Player } from "../player/player";
import type { Channel } from "../protocol";

const APART = 1.5; // seconds between the two pictures from which one is put right

export class Interpreter {
  private player: Player | null = null;
  private frame: HTMLElement | null = null;
  private slug = "";
  private paused = false;

  /**
   * `box` holds the main picture; `told` is what the server last said of the interpreter's channel;
   * `makePlayer` makes one for it, in a frame.
   */
  constructor(
    private readonly box: HTMLElement,
    private readonly told: () => Channel | undefined,
    private readonly makePlayer: (frame: HTMLElement, slug: string) => Player,
  ) {}

  /** Show the channel `slug` beside what `main` shows, or nothing for "". */
  draw(slug: string, main: Player): void {
    const wanted = preferences.signs ? slug : "";
    this.box.dataset["signs"] = wanted ? preferences.signs : "";
    this.box.style.setProperty("--signs-size", String(preferences.signsSize / 100));
    if (wanted !== this.slug) this.change(wanted);
    if (this.player && main.state.path) this.keepBeside(main, this.player);
  }

  private change(slug: string): void {
    this.player?.stop();
    this.frame?.remove();
    this.player = null;
    this.paused = false; // the next one plays
    this.slug = slug;
    if (!slug) return;
    this.frame = document.createElement("div");
    this.frame.className = "signs-picture";
    this.frame.setAttribute("role", "img");
    this.frame.ariaLabel = t("Interprète en langue des signes");
    this.box.querySelector(".pictures")?.after(this.frame);
    this.player = this.makePlayer(this.frame, slug);
    this.player.start(preferences.synchronised);
  }

  /** Pause, go back and come back with the main picture. */
  private keepBeside(main: Player, own: Player): void {
    own.synchronise(preferences.synchronised);
    if (main.state.paused !== this.paused) {
      this.paused = main.state.paused;
      if (this.paused) own.pause();
      else own.resume();
    }
    const there = main.rewound && main.state.path === "rewind" ? main.mediaTime() : null;
    const past = Boolean(this.told()?.rewind);
    if (there != null && past) {
      const shown = own.state.path === "rewind" ? own.mediaTime() : null;
      const astray = shown == null ? !own.rewound : Math.abs(shown - there) > APART;
      if (astray) own.rewind(there);
    } else if (!main.rewound && (own.rewound || own.strayed)) own.catchUp();
    // Where it has no past, it does not show another moment than the main picture does.
    if (this.frame) this.frame.hidden = main.rewound && !past;
  }
}
