// How many letters of the captions' size fit beside each other in the room that they have.

export function fitting(box: HTMLElement): number {
  const captions = box.querySelector(".captions");
  const size = captions ? Number.parseFloat(getComputedStyle(captions).fontSize) : 0;
  const room = captions?.clientWidth || 0.94 * box.clientWidth;
  return size ? Math.max(12, Math.floor((room - size) / (0.53 * size))) : 40;
}
