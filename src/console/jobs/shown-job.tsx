import { createContext, type ReactNode, use, useCallback, useEffect, useMemo, useState } from 'react';

interface ShownJobs {
  /** The id of the job that is shown: that of a dialog, otherwise that of the page under it. */
  readonly jobId: string | undefined;
  /** Adds a job. @returns removes it */
  readonly show: (jobId: string) => () => void;
}

const Context = createContext<ShownJobs>({ jobId: undefined, show: () => () => undefined });

/** Collects which job the pages and dialogs inside show: a tab watches one job at a time. */
export function ShownJobProvider({ children }: { readonly children: ReactNode }) {
  const [shown, setShown] = useState<readonly { readonly jobId: string }[]>([]);
  const show = useCallback((jobId: string) => {
    const entry = { jobId };
    setShown((before) => [...before, entry]);
    return () => setShown((before) => before.filter((each) => each !== entry));
  }, []);
  const jobId = shown.at(-1)?.jobId;
  const value = useMemo(() => ({ jobId, show }), [jobId, show]);
  return <Context value={value}>{children}</Context>;
}

/** The id of the job that is shown. */
export const useShownJob = (): string | undefined => use(Context).jobId;

/** Watches a job while the component is mounted, if there is one. */
export function useShowJob(jobId: string | undefined): void {
  const { show } = use(Context);
  useEffect(() => (jobId === undefined ? undefined : show(jobId)), [jobId, show]);
}
