// Tabs where there is no room for all panels; with room, the panels stand side by side.

export interface Tabs {
  (name: string): void;
  mark(name: string, text: string): void;
}

/** `names` are the ids of panels; the tab of each is `tab-{name}`. */
export function tabs(bar: HTMLElement, names: string[], changed: () => void): Tabs {
  const tab = (name: string) => bar.querySelector<HTMLElement>(`#tab-${name}`) as HTMLElement;
  const panel = (name: string) => document.getElementById(`panel-${name}`) as HTMLElement;

  const show = (name: string) => {
    for (const other of names) {
      const chosen = other === name;
      tab(other).ariaSelected = String(chosen);
      tab(other).tabIndex = chosen ? 0 : -1;
      panel(other).classList.toggle("chosen", chosen);
    }
    changed();
  };
  const mark = (name: string, text: string) => {
    const badge = tab(name).querySelector(".badge") as HTMLElement;
    if (badge.textContent !== text) badge.textContent = text;
  };

  for (const [rank, name] of names.entries()) {
    tab(name).addEventListener("click", () => show(name));
    tab(name).addEventListener("keydown", ({ key }) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
      const next = step && names.at((rank + step) % names.length);
      if (!next) return;
      show(next);
      tab(next).focus();
    });
  }
  return Object.assign(show, { mark });
}
