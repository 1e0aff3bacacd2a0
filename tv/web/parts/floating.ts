// The picture in a small window above all others: with its captions where the browser can float a
// part of a page, else the picture alone.

import { t } from "../language";
import { float } from "../player/sight";

interface FloatingPages {
  requestWindow(size: { width: number; height: number }): Promise<Window>;
}

const WIDTH = 480;

export class Floating {
  private window: Window | null = null;
  private readonly place = document.createElement("div");

  /** `box` is what floats. */
  constructor(
    private readonly box: HTMLElement,
    private readonly changed: () => void,
  ) {
    this.place.className = "floated";
    const back = document.createElement("button");
    back.textContent = t("Ramener l’image ici");
    back.addEventListener("click", () => this.close());
    this.place.append(back);
  }

  get offered(): boolean {
    return pages() != null || Boolean(document.pictureInPictureEnabled);
  }

  get open(): boolean {
    return this.window != null || document.pictureInPictureElement != null;
  }

  /** Float, or stop that. Browsers want a tap for it. */
  async toggle(video: HTMLVideoElement | null): Promise<void> {
    if (this.open) return this.close();
    try {
      if (document.fullscreenElement) await document.exitFullscreen();
      const offering = pages();
      if (offering) await this.part(offering);
      else await this.picture(video);
    } catch {
      return; // it was not let
    }
    this.changed();
  }

  close(): void {
    if (document.pictureInPictureElement) void document.exitPictureInPicture();
    this.window?.close();
  }

  /** The box moves into a window, with the styles of the page. */
  private async part(offering: FloatingPages): Promise<void> {
    const height = Math.round((WIDTH * 9) / 16);
    const floating = await offering.requestWindow({ width: WIDTH, height });
    for (const sheet of document.querySelectorAll("link[rel=stylesheet]"))
      floating.document.head.append(sheet.cloneNode());
    floating.document.documentElement.lang = document.documentElement.lang;
    floating.document.title = document.title;
    floating.document.body.className = "floating";
    this.box.replaceWith(this.place);
    floating.document.body.append(this.box);
    this.window = floating;
    float(true);
    floating.addEventListener("pagehide", () => {
      this.place.replaceWith(this.box);
      this.window = null;
      float(false);
      this.changed();
    });
  }

  private async picture(video: HTMLVideoElement | null): Promise<void> {
    if (!video) return;
    await video.requestPictureInPicture();
    float(true);
    video.addEventListener("leavepictureinpicture", () => this.left(), { once: true });
  }

  private left(): void {
    // Another picture may just have taken its place.
    setTimeout(() => {
      const next = document.pictureInPictureElement;
      if (next) next.addEventListener("leavepictureinpicture", () => this.left(), { once: true });
      else float(false);
      this.changed();
    });
  }
}

/** Windows for parts of a page; a page in another's frame is not given any. */
function pages(): FloatingPages | undefined {
  if (window !== window.top) return undefined;
  return (window as { documentPictureInPicture?: FloatingPages }).documentPictureInPicture;
}
