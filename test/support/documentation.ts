import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path/posix';

/** One page of the documentation. */
export interface Page {
  /** From the root of the repository. */
  readonly path: string;
  readonly folder: string;
  readonly text: string;
}

/** Reads one page. @param path from the root of the repository */
export async function readPage(path: string): Promise<Page> {
  return { path, folder: dirname(path), text: await readFile(path, 'utf8') };
}

/** Reads every README. */
export async function readPages(): Promise<readonly Page[]> {
  const below = await Promise.all(
    ['src', 'test'].map(async (root) => (await readdir(root, { recursive: true })).map((path) => join(root, path))),
  );
  const paths = below.flat().filter((path) => path.endsWith('/README.md'));
  return Promise.all(['README.md', ...paths.toSorted()].map(readPage));
}

const fence = /^```(\w*)\n([\s\S]*?)^```$/gm;

/** The languages of a page's fenced blocks. */
export const languagesOf = ({ text }: Page): readonly string[] =>
  [...text.matchAll(fence)].map(([, language]) => language ?? '');

/** The fenced blocks of one language. */
export const blocksOf = ({ text }: Page, language: string): readonly string[] =>
  [...text.matchAll(fence)].flatMap(([, name, body]) => (name === language ? [body ?? ''] : []));

/** A page without its fenced blocks. */
const proseOf = ({ text }: Page): string => text.replaceAll(fence, '');

/** The code spans in a page's prose. */
export const codeOf = (page: Page): readonly string[] =>
  [...proseOf(page).matchAll(/`([^`\n]+)`/g)].map(([, code]) => code ?? '');

/** The targets of a page's links and images. */
export const linksOf = (page: Page): readonly string[] =>
  [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '');

/** The anchors of a page's headings, as GitHub generates them. */
export const anchorsOf = (page: Page): readonly string[] =>
  [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );

/** The rows of the tables below a heading that begin with code, as lists of cells. */
export function tableRows({ text }: Page, heading: string): readonly (readonly string[])[] {
  const section = text.split(/^#+ /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  const lines = section.split('\n').filter((line) => line.startsWith('| `'));
  return lines.map((line) => line.slice(2, -2).split(' | '));
}

/** The text of a cell that holds code and nothing else. */
export const codeIn = (cell: string | undefined): string | undefined => /^`([^`]+)`$/.exec(cell ?? '')?.[1];
