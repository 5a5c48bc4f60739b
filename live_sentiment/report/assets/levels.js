// Coarser copies of a plot's data for when hours are shown: means, since a pixel cannot show a hundred results.

const COARSER = 4;
const POINTS_PER_PX = 2.5;

/** The data, and means over 4, 16, 64 … of its points, down to some hundred points. */
function levelsOf(data) {
  const levels = [{ points: 1, data }];
  while (levels.at(-1).data[0].length > 1000) {
    const { points, data: finer } = levels.at(-1);
    levels.push({ points: points * COARSER, data: finer.map(means) });
  }
  return levels;
}

/** Means of neighbours; null only where all of them are. */
function means(values) {
  const coarse = new Array(Math.ceil(values.length / COARSER));
  for (let at = 0; at < coarse.length; at++) {
    let sum = 0;
    let count = 0;
    for (let from = at * COARSER; from < Math.min((at + 1) * COARSER, values.length); from++) {
      if (values[from] === null) continue;
      sum += values[from];
      count++;
    }
    coarse[at] = count ? sum / count : null;
  }
  return coarse;
}

/** The finest level with no more points in `part` of the session than the width can show. */
function levelFor(levels, part, widthPx) {
  const fits = ({ data }) => data[0].length * part <= widthPx * POINTS_PER_PX;
  return levels.find(fits) ?? levels.at(-1);
}
