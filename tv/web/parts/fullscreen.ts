// A picture that fills the screen with what belongs to it, where the device lets it.

/** Fill the screen with `frame`, or stop that. An iPhone lets only the video itself do it. */
export function toggleFullscreen(frame: Element | null, video: HTMLVideoElement | null): void {
  const own = video as { webkitEnterFullscreen?: () => void } | null;
  if (document.fullscreenElement) void document.exitFullscreen();
  else if (frame && "requestFullscreen" in frame) void frame.requestFullscreen();
  else own?.webkitEnterFullscreen?.();
}
