import ipaddr from 'ipaddr.js';

/** The canonical text of an address of 4 or 16 bytes. */
export const addressText = (bytes: Uint8Array): string =>
  bytes.length === 4 ? bytes.join('.') : new ipaddr.IPv6([...bytes]).toRFC5952String();

/** The bytes of a view, without a copy. */
export const bytesOf = (view: DataView, from = 0, length = view.byteLength - from): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset + from, length);
