// How many letters of the captions' size fit beside each other on a picture.

export function fitting(box: HTMLElement): number {
  const captions = box.querySelector(".captions");
  const size = captions ? Number.parseFloat(getComputedStyle(captions).fontSize) : 0;
  return size ? Math.max(12, Math.floor((0.9 * box.clientWidth) / (0.53 * size))) : 40;
}
