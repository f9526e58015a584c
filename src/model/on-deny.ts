/** What becomes of refused packets, for those who sent them: silence, or an answer that says so. */
export type OnDeny = 'drop' | 'reject';
