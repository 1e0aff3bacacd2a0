import { t } from "./language";
// A picture as text, so that it can wait on the device with what it belongs to.

const HEAVIEST = 8 << 20; // bytes: more than that cannot wait here

/** As a data URL. Throws what the person is to read. */
export function packed(picture: Blob): Promise<string> {
  if (picture.size > HEAVIEST) {
    const detail = t("Cette image est trop lourde\u00a0: choisissez-en une de moins de 8\u00a0Mo.");
    return Promise.reject(new Error(detail));
  }
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result as string);
    reader.onerror = () => failed(new Error(t("Cette image ne peut pas être lue.")));
    reader.readAsDataURL(picture);
  });
}

/** What `packed` made a data URL of. */
export function unpacked(url: string): Blob {
  const comma = url.indexOf(",");
  const bytes = Uint8Array.from(atob(url.slice(comma + 1)), (byte) => byte.charCodeAt(0));
  const [type] = url.slice("data:".length, comma).split(";");
  return new Blob([bytes], { type: type ?? "" });
}
