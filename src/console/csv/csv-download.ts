/** Downloads a CSV file under the given name. */
export function downloadCsv(name: string, text: string): void {
  // Without a byte order mark, Excel does not read the file as UTF-8.
  const url = URL.createObjectURL(new Blob(['\uFEFF', text], { type: 'text/csv;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The download starts asynchronously.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
