/** Hands a CSV file to the browser, to be kept under this name. */
export function downloadCsv(name: string, text: string): void {
  // Without the mark, Excel takes UTF-8 for the alphabet of old, and would spoil names.
  const url = URL.createObjectURL(new Blob(['\uFEFF', text], { type: 'text/csv;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has to come round to it first.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
