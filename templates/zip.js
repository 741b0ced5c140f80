/* An archive (ZIP, nothing compressed: PNG files are) of the files in a list of digests, put together in memory. On the
   server each lies once, and is called by its number alone. */
window.ATLAS_ZIP = async (place) => {
  "use strict";
  const AT_ONCE = 8;
  const MOST_BYTES = 2 ** 32 - 1;
  const EPOCH = 0x21; /* 1 January 1980: the format has no room for "no time". */
  const status = place.querySelector("[role=status]");

  const table = Uint32Array.from({ length: 256 }, (_, value) => {
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
    return value;
  });
  function checksum(bytes) {
    let value = -1;
    for (const byte of bytes) value = table[(value ^ byte) & 255] ^ (value >>> 8);
    return ~value >>> 0;
  }

  /* Numbers of two or four bytes, the lowest first: [2, 20, 4, 1] is 20 in two and 1 in four. */
  function pack(...fields) {
    const bytes = [];
    for (let each = 0; each < fields.length; each += 2)
      for (let byte = 0; byte < fields[each]; byte++) bytes.push(Math.floor(fields[each + 1] / 256 ** byte) % 256);
    return Uint8Array.from(bytes);
  }

  async function read(address) {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
    return new Uint8Array(await answer.arrayBuffer());
  }

  const folder = place.dataset.name;
  const parts = [];
  const directory = [];
  let offset = 0;
  function add(name, bytes) {
    const path = new TextEncoder().encode(`${folder}/${name}`);
    const size = bytes.length;
    /* Version 2.0, no flags, stored, when, checksum, bytes twice, length of the name, nothing else. */
    const about = pack(2, 20, 2, 0, 2, 0, 2, 0, 2, EPOCH, 4, checksum(bytes), 4, size, 4, size, 2, path.length, 2, 0);
    const local = pack(4, 0x04034b50);
    parts.push(local, about, path, bytes);
    directory.push(pack(4, 0x02014b50, 2, 20), about, pack(2, 0, 2, 0, 2, 0, 4, 0, 4, offset), path);
    offset += local.length + about.length + path.length + size;
    if (offset > MOST_BYTES) throw new Error("more than 4 GB: download them one by one");
  }

  try {
    const list = await read(place.dataset.list);
    const names = new TextDecoder().decode(list).match(/\S+\.png$/gm);
    add(`${folder}.sha256`, list);
    for (let first = 0; first < names.length; first += AT_ONCE) {
      const some = names.slice(first, first + AT_ONCE);
      const pictures = await Promise.all(some.map((name) => read(name.slice(folder.length + 1))));
      some.forEach((name, each) => {
        add(name, pictures[each]);
      });
      status.textContent = `${Math.min(first + AT_ONCE, names.length)} of ${names.length} files`;
    }
    const size = directory.reduce((sum, each) => sum + each.length, 0);
    const count = names.length + 1;
    const end = pack(4, 0x06054b50, 2, 0, 2, 0, 2, count, 2, count, 4, size, 4, offset, 2, 0);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([...parts, ...directory, end], { type: "application/zip" }));
    link.download = `${folder}.zip`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    status.textContent = `${folder}.zip`;
  } catch (error) {
    status.textContent = `did not work (${error.message})`;
  }
};
