/** The server settings that bear on uploads, by their names in Rocket.Chat, with its defaults. */
export interface ServerSettings {
  /** Bytes; -1 lifts the limit. */
  FileUpload_MaxFileSize: number;
  /** Comma-separated, `image/*` for a family; empty lets all pass. */
  FileUpload_MediaTypeWhiteList: string;
  /** Comma-separated; wins over the white list. */
  FileUpload_MediaTypeBlackList: string;
  FileUpload_Enabled: boolean;
  FileUpload_Enabled_Direct: boolean;
  /** Characters. */
  Message_MaxAllowedSize: number;
}

export const defaultServerSettings: Readonly<ServerSettings> = {
  FileUpload_MaxFileSize: 104_857_600,
  FileUpload_MediaTypeWhiteList: '',
  FileUpload_MediaTypeBlackList: 'image/svg+xml',
  FileUpload_Enabled: true,
  FileUpload_Enabled_Direct: true,
  Message_MaxAllowedSize: 5000,
};
