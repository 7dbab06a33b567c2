import Papa from 'papaparse';

/** A line of a file, by the number of its first line as an editor counts; a quoted cell can go on over several. */
export interface CsvLine {
  readonly line: number;
  readonly cells: readonly string[];
}

/** What is wrong, and in which line. */
export interface CsvProblem {
  readonly line: number;
  readonly message: string;
}

/** A CSV file: its first line, the lines below that hold anything, and what of it is no CSV. */
export interface Csv {
  readonly head: CsvLine | undefined;
  readonly lines: readonly CsvLine[];
  readonly problems: readonly CsvProblem[];
}

const delimiters = [',', ';', '\t'] as const;

/** The first line decides: it names columns, and their names hold no delimiter. */
function delimiterOf(text: string): string {
  const head = /^.*\S.*$/m.exec(text)?.[0] ?? '';
  const counts = delimiters.map((delimiter) => head.split(delimiter).length);
  return delimiters[counts.indexOf(Math.max(...counts))] ?? ',';
}

/** Takes CSV apart, whatever its delimiter and its line breaks are; blank lines count, and are left out. */
export function readCsv(text: string): Csv {
  const plain = text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');
  const { data, errors } = Papa.parse<string[]>(plain, { delimiter: delimiterOf(plain), newline: '\n' });
  const broken = new Map(errors.flatMap(({ row, code }) => (row === undefined ? [] : [[row, code] as const])));
  const problems: CsvProblem[] = [];
  const lines: CsvLine[] = [];
  let line = 1;
  for (const [index, cells] of data.entries()) {
    const code = broken.get(index);
    if (code !== undefined) {
      problems.push({
        line,
        message: code === 'MissingQuotes' ? 'a quote is opened here and never closed' : 'there is a quote out of place',
      });
    } else if (cells.some((cell) => cell.trim() !== '')) lines.push({ line, cells });
    for (const cell of cells) line += cell.split('\n').length - 1;
    line++;
  }
  const [head, ...rest] = lines;
  return { head, lines: rest, problems };
}
