// Words of the views Train and Compare: English, French.

/** @satisfies {Record<string, [string, string]>} */
export const TRAIN = {
  askMore: ["Ask another network …", "Interroger un autre réseau …"],
};
