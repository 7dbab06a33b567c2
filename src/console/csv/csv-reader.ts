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

/** A line before the header: the delimiter, as Excel writes it, or a type, as PowerShell's `Export-Csv` does. */
const directive = /^[^\S\n]*(?:"?sep=(?<delimiter>[,;\t])"?|"?#TYPE\b.*)[^\S\n]*$/i;

/** Finds the lines before the header: their number, and the delimiter that one of them sets. */
function readDirectives(lines: readonly string[]): { readonly count: number; readonly delimiter?: Delimiter } {
  const first = lines.findIndex((line) => line.trim() !== '' && !directive.test(line));
  const count = first === -1 ? lines.length : first;
  const set = lines.slice(0, count).map((line) => directive.exec(line)?.groups?.['delimiter']);
  const delimiter = delimiters.find((each) => set.includes(each));
  return { count, ...(delimiter !== undefined && { delimiter }) };
}

/** Detects the delimiter from the header: the names of the columns rarely contain any. */
function delimiterOf(header = ''): Delimiter {
  const counts = delimiters.map((delimiter) => header.split(delimiter).length);
  return delimiters[counts.indexOf(Math.max(...counts))] ?? ',';
}

/** Reads CSV with any of the usual delimiters and line breaks. */
export function readCsv(text: string): Csv {
  const plain = text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');
  const textLines = plain.split('\n');
  const directives = readDirectives(textLines);
  const body = textLines.slice(directives.count);
  const delimiter = directives.delimiter ?? delimiterOf(body[0]);
  const { data, errors } = Papa.parse<string[]>(body.join('\n'), { delimiter, newline: '\n' });
  const errorCodes = new Map(errors.flatMap(({ row, code }) => (row === undefined ? [] : [[row, code] as const])));
  const problems: CsvProblem[] = [];
  const lines: CsvLine[] = [];
  let line = directives.count + 1;
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
