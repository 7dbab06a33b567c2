import { close as closeFile, write as writeBytes } from 'node:fs';

/** A file descriptor to write to, which can be replaced between two writes. */
export interface OutputFile {
  readonly isWriting: boolean;
  /** Whether a replacement waits for {@link OutputFile.applyReplacement}. */
  readonly hasReplacement: boolean;
  /** Writes once; the file may take only a part. There must be no other write in progress. */
  write(bytes: Buffer, offset: number, onDone: (error: NodeJS.ErrnoException | null, written: number) => void): void;
  /** Sets the file descriptor to use next. It is owned, and closed when it is replaced. */
  replaceBy(fd: number): void;
  /** Closes the file descriptor and uses its replacement, if there is one. @returns whether there was one */
  applyReplacement(): boolean;
  close(): void;
}

const ignoreError = () => undefined;

/** Creates a file of a file descriptor. */
export function createOutputFile(fd: number): OutputFile {
  let current = fd;
  let replacement: number | undefined;
  let isWriting = false;
  return {
    get isWriting() {
      return isWriting;
    },
    get hasReplacement() {
      return replacement !== undefined;
    },
    write(bytes, offset, onDone) {
      isWriting = true;
      writeBytes(current, bytes, offset, bytes.length - offset, null, (error, written) => {
        isWriting = false;
        onDone(error, written);
      });
    },
    replaceBy(next) {
      if (replacement !== undefined) closeFile(replacement, ignoreError);
      replacement = next;
    },
    applyReplacement() {
      if (replacement === undefined) return false;
      closeFile(current, ignoreError);
      current = replacement;
      replacement = undefined;
      return true;
    },
    close: () => closeFile(current, ignoreError),
  };
}
