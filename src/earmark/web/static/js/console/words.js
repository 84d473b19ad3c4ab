// The recogniser's words inside a text that somebody edits: where each stands now, and which nobody has touched.

const UNSURE = 0.6;

export class Words {
  text = "";
  list = []; // {text, confidence, start, end} with `from` and `to` in the text, `touched` once edited

  constructor(guessed) {
    for (const word of guessed) {
      const from = this.text ? this.text.length + 1 : 0;
      this.text += (this.text ? " " : "") + word.text;
      this.list.push({ ...word, from, to: this.text.length, touched: false });
    }
  }

  get unsure() {
    return this.list.filter((word) => word.confidence < UNSURE && !word.touched);
  }

  /** The text is now this: what was typed lies between the longest beginning and end that stayed. */
  edit(text) {
    const old = this.text;
    const most = Math.min(old.length, text.length);
    let head = 0;
    while (head < most && old[head] === text[head]) head++;
    let tail = 0;
    while (tail < most - head && old[old.length - 1 - tail] === text[text.length - 1 - tail]) tail++;
    const gone = old.length - tail; // old[head, gone) became text[head, text.length - tail)
    const shift = text.length - old.length;
    this.text = text;
    if (head === gone && !shift) return;
    this.list = this.list.filter((word) => {
      if (word.to < head || (word.to === head && !joins(text, head))) return true;
      if (word.from >= gone && !(word.from === gone && head < gone + shift && joins(text, gone + shift))) {
        word.from += shift;
        word.to += shift;
        return true;
      }
      word.touched = true;
      word.from = Math.min(word.from, head);
      word.to = Math.max(word.from, word.to > gone ? word.to + shift : gone + shift);
      return word.to > word.from && text.slice(word.from, word.to).trim() !== "";
    });
  }

  at(caret) {
    return this.list.find(({ from, to }) => caret >= from && caret <= to) ?? null;
  }
}

/** Letters on both sides: what was typed there belongs to the word. */
const joins = (text, at) => /\S/.test(text[at - 1] ?? " ") && /\S/.test(text[at] ?? " ");

/** Two transcripts, word by word: [[word, differs]…] of each (longest common subsequence). */
export function differences(a, b) {
  const [one, two] = [a, b].map((text) => (text ?? "").split(/\s+/).filter(Boolean));
  const same = (x, y) => x.toLowerCase() === y.toLowerCase();
  const long = Array.from({ length: one.length + 1 }, () => new Array(two.length + 1).fill(0));
  for (let i = one.length - 1; i >= 0; i--) {
    for (let j = two.length - 1; j >= 0; j--) {
      long[i][j] = same(one[i], two[j]) ? long[i + 1][j + 1] + 1 : Math.max(long[i + 1][j], long[i][j + 1]);
    }
  }
  const marked = [one.map((word) => [word, true]), two.map((word) => [word, true])];
  for (let i = 0, j = 0; i < one.length && j < two.length; ) {
    if (same(one[i], two[j])) marked[0][i++][1] = marked[1][j++][1] = false;
    else if (long[i + 1][j] >= long[i][j + 1]) i++;
    else j++;
  }
  return marked;
}
