/** The camera of the device: opened, looked through, and let go. */
import { UserError } from "../engine/client";
import { strings } from "../strings";

/** What is known of a camera, as far as it tells. */
export interface Seat {
  facing?: string | undefined;
  device?: string | undefined;
}

export class Camera {
  readonly video: HTMLVideoElement;
  readonly #track: MediaStreamTrack;

  private constructor(video: HTMLVideoElement, track: MediaStreamTrack) {
    this.video = video;
    this.#track = track;
  }

  /** Throws a UserError where there is none, or it may not be used; lets go of it when aborted. */
  static async open(which: MediaTrackConstraints, signal: AbortSignal): Promise<Camera> {
    // Pages that are neither secure nor on this device have no mediaDevices, whatever the types say.
    const devices = navigator.mediaDevices as MediaDevices | undefined;
    if (devices === undefined) throw new UserError(strings.errors.camera.unavailable);
    let stream: MediaStream | null = null;
    try {
      const video = { ...which, width: { ideal: 1920 }, height: { ideal: 1080 } };
      stream = await devices.getUserMedia({ audio: false, video });
      signal.throwIfAborted();
      const track = stream.getVideoTracks()[0];
      if (track === undefined) throw new UserError(strings.errors.camera.none);
      const camera = new Camera(await playing(stream), track);
      signal.throwIfAborted();
      return camera;
    } catch (error) {
      stream?.getTracks().forEach((track) => track.stop());
      if (signal.aborted || error instanceof UserError) throw error;
      throw new UserError(cameraSentence(error instanceof Error ? error.name : ""));
    }
  }

  /** Whether it looks at the person, who expects a mirror; those of laptops do not say. */
  get mirrored(): boolean {
    return this.seat.facing !== "environment";
  }

  get seat(): Seat {
    const { facingMode, deviceId } = this.#track.getSettings();
    return { facing: facingMode, device: deviceId };
  }

  onEnd(ended: () => void): void {
    this.#track.addEventListener("ended", ended);
  }

  /** What it sees now, at all its pixels, not mirrored. */
  moment(): Promise<ImageBitmap> {
    return createImageBitmap(this.video);
  }

  stop(): void {
    this.#track.stop();
    this.video.srcObject = null;
  }
}

async function playing(stream: MediaStream): Promise<HTMLVideoElement> {
  const video = document.createElement("video");
  video.muted = video.playsInline = true;
  video.srcObject = stream;
  await video.play();
  return video;
}

/** The cameras that there are; they are told apart only once one may be used. */
export async function cameras(): Promise<string[]> {
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.filter((device) => device.kind === "videoinput").map((device) => device.deviceId);
}

/** Asks for the camera on the other side or, where cameras do not say, for the next one. */
export function otherCamera(seat: Seat, all: readonly string[]): MediaTrackConstraints {
  if (seat.facing === "user" || seat.facing === "environment") {
    return { facingMode: { ideal: seat.facing === "user" ? "environment" : "user" } };
  }
  return nextCamera(seat, all);
}

export function nextCamera(seat: Seat, all: readonly string[]): MediaTrackConstraints {
  const following = all[(all.indexOf(seat.device ?? "") + 1) % all.length];
  return following === undefined ? {} : { deviceId: { exact: following } };
}

/** What to say where `getUserMedia` failed with an error of that name. */
export function cameraSentence(error: string): string {
  const say = strings.errors.camera;
  if (error === "NotAllowedError" || error === "SecurityError") return say.denied;
  if (error === "NotFoundError" || error === "OverconstrainedError") return say.none;
  return say.busy;
}
