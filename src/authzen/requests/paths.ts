/** ARAP: submissions are posted here, and each has its own address below. */
export const REQUESTS_PATH = '/access/v1/requests'
