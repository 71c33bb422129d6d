// Words of the views Inside and Data: English, French.

/** @satisfies {Record<string, [string, string]>} */
export const INSIDE = {};
