import { type FSWatcher, watch } from 'node:fs';

/** Reports that something may have changed in some folders. It can miss changes, so its user also scans regularly. */
export interface FolderWatch {
  /** Watches exactly these from now on. */
  follow(folders: readonly string[]): void;
  close(): void;
}

export const watchFolders = (onEvent: () => void): FolderWatch => {
  const watchers = new Map<string, FSWatcher>();

  const drop = (folder: string): void => {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  };

  const add = (folder: string): void => {
    try {
      const watcher = watch(folder, onEvent);
      watcher.on('error', () => {
        drop(folder);
        onEvent();
      });
      watchers.set(folder, watcher);
    } catch {
      // Deleted already, or no inotify watch is left: the regular scan finds its changes later.
    }
  };

  return {
    follow(folders) {
      for (const folder of watchers.keys()) if (!folders.includes(folder)) drop(folder);
      for (const folder of folders) if (!watchers.has(folder)) add(folder);
    },
    close() {
      for (const folder of [...watchers.keys()]) drop(folder);
    },
  };
};
