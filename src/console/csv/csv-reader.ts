import Papa from 'papaparse';

/** A row of a CSV file. */
export interface CsvLine {
  /** The number of its first line in an editor; a quoted cell can span several lines. */
  readonly line: number;
  readonly cells: readonly string[];
}

/** A problem with one line of a CSV file. */
export interface CsvProblem {
  readonly line: number;
  readonly message: string;
}

/** A CSV file: its header, its non-blank lines, and its syntax errors. */
export interface Csv {
  readonly header: CsvLine | undefined;
  readonly lines: readonly CsvLine[];
  readonly delimiter: Delimiter;
  readonly problems: readonly CsvProblem[];
}

const delimiters = [',', ';', '\t'] as const;
type Delimiter = (typeof delimiters)[number];

/** Detects the delimiter from the header: the names of the columns do not contain any. */
function delimiterOf(text: string): Delimiter {
  const header = /^.*\S.*$/m.exec(text)?.[0] ?? '';
  const counts = delimiters.map((delimiter) => header.split(delimiter).length);
  return delimiters[counts.indexOf(Math.max(...counts))] ?? ',';
}

/** Reads CSV with any of the usual delimiters and line breaks. */
export function readCsv(text: string): Csv {
  const plain = text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');
  const delimiter = delimiterOf(plain);
  const { data, errors } = Papa.parse<string[]>(plain, { delimiter, newline: '\n' });
  const errorCodes = new Map(errors.flatMap(({ row, code }) => (row === undefined ? [] : [[row, code] as const])));
  const problems: CsvProblem[] = [];
  const lines: CsvLine[] = [];
  let line = 1;
  for (const [index, cells] of data.entries()) {
    const code = errorCodes.get(index);
    if (code !== undefined) {
      problems.push({ line, message: code === 'MissingQuotes' ? 'Missing closing quote' : 'Unexpected quote' });
    } else if (cells.some((cell) => cell.trim() !== '')) lines.push({ line, cells });
    for (const cell of cells) line += cell.split('\n').length - 1;
    line++;
  }
  const [header, ...rest] = lines;
  return { header, lines: rest, delimiter, problems };
}
