// A photo made small before it leaves the device: a hall's network carries thousands of them.

const SIDE = 1600; // pixels, as the server keeps it
const QUALITY = 0.85;
const PREVIEW = 480;

export interface Photo {
  body: Blob;
  preview: string; // a small one, as an address; "" when the device cannot read it
}

/** The server makes every picture anew: what this device cannot read, it may. */
export async function shrunk(file: File): Promise<Photo> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    return { body: file, preview: "" };
  }
  const preview = drawn(bitmap, PREVIEW).toDataURL("image/jpeg", 0.7);
  const canvas = drawn(bitmap, SIDE);
  bitmap.close();
  const made = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  return { body: made && made.size < file.size ? made : file, preview };
}

function drawn(bitmap: ImageBitmap, side: number): HTMLCanvasElement {
  const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const pen = canvas.getContext("2d");
  if (pen) {
    pen.fillStyle = "white";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  }
  return canvas;
}
