/** The answer to senders of refused packets: none, or a refusal. */
export type OnDeny = 'drop' | 'reject';
